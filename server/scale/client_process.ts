import { serveParent } from "./children.ts";
import { measureEcho } from "./echo.ts";
import type { EchoSample } from "./latency.ts";
import { Opener, type OpenerCount, type OpenerOptions } from "./opener.ts";
import type { LatencyOptions } from "./result.ts";

/** What the parent of a client process can ask. */
export interface ClientCalls {
  /** Says where to and how; before all else. */
  prepare(options: OpenerOptions): void;
  /** Opens connections until so many are open, or no more can be. */
  open(connections: number): Promise<OpenerCount>;
  /** Begins no further connection. */
  stop(): void;
  /** How far it is. */
  count(): OpenerCount;
  /** Measures how long echoes take. */
  echo(options: LatencyOptions): Promise<EchoSample>;
  /** Bytes of JavaScript objects. */
  heapUsed(): number;
}

/** The name of the hidden command that is this process. */
export const CLIENT_COMMAND = "scale-client";

/**
 * One process of clients.
 *
 * @returns When the parent has gone.
 */
export async function runClientProcess(): Promise<void> {
  let opener: Opener | undefined;
  const prepared = (): Opener => {
    if (opener === undefined) throw new Error("Cannot do that before prepare()");
    return opener;
  };
  const calls: ClientCalls = {
    prepare: (options) => void (opener = new Opener(options)),
    open: (connections) => prepared().open(connections),
    stop: () => prepared().stop(),
    count: () => prepared().count,
    echo: (options) => measureEcho(prepared(), options),
    heapUsed: () => Deno.memoryUsage().heapUsed,
  };
  await serveParent(calls);
}
