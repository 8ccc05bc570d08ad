import { RawClient } from "./raw_client.ts";

/**
 * Clients that come and go without pause: each connects, carries the opening handshake through, and
 * leaves.
 */
export class HandshakeLoad {
  /** Handshakes that succeeded. */
  succeeded = 0;
  /** Why others did not. */
  readonly refused: string[] = [];
  readonly #addr: Deno.NetAddr;
  readonly #running: Promise<void>[];
  #stopped = false;

  /**
   * @param addr The server.
   * @param clients How many clients there are at a time.
   */
  constructor(addr: Deno.NetAddr, clients: number) {
    this.#addr = addr;
    this.#running = Array.from({ length: clients }, () => this.#run());
  }

  /** Lets every client finish its last handshake. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        using client = await RawClient.connect(this.#addr);
        await client.upgrade();
        this.succeeded++;
      } catch (error) {
        this.refused.push(String(error));
      }
    }
  }
}
