import { assertEquals } from "@std/assert";
import type { Server } from "../../mod.ts";
import type { TalkData } from "../../server/apps/talk.ts";

/** A message of the server. */
export type TabMessage = Record<string, unknown>;

/** A page without a browser: what it sends is written by hand, what it receives is queued. */
export class Tab {
  #socket: WebSocket;
  #inbox: (TabMessage | Uint8Array)[] = [];
  #arrived: (() => void) | undefined;
  #opened: Promise<void>;
  #closed: Promise<number>;

  constructor(server: Server<TalkData>) {
    this.#socket = new WebSocket(`ws://127.0.0.1:${server.addr.port}/`);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onmessage = ({ data }) => {
      this.#inbox.push(typeof data === "string" ? JSON.parse(data) : new Uint8Array(data));
      this.#arrived?.();
    };
    this.#opened = new Promise((resolve, reject) => {
      this.#socket.onopen = () => resolve();
      this.#socket.onerror = () => reject(new Error("Cannot connect"));
    });
    this.#closed = new Promise((resolve) => {
      this.#socket.onclose = ({ code }) => {
        this.#arrived?.();
        resolve(code);
      };
    });
  }

  /** Opens a tab and takes the welcome and the own "joined". */
  static async enter(server: Server<TalkData>, name: string): Promise<Tab> {
    const tab = new Tab(server);
    await tab.send({ type: "hello", name });
    assertEquals((await tab.next()).type, "welcome");
    assertEquals((await tab.next()).type, "joined");
    return tab;
  }

  async send(message: TabMessage | string | Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#opened;
    const isRaw = typeof message === "string" || message instanceof Uint8Array;
    this.#socket.send(isRaw ? message : JSON.stringify(message));
  }

  /** Gives the next message, whatever it is. */
  async take(): Promise<TabMessage | Uint8Array> {
    for (;;) {
      const message = this.#inbox.shift();
      if (message !== undefined) return message;
      if (this.#socket.readyState > WebSocket.OPEN) throw new Error("The connection has ended");
      await new Promise<void>((resolve) => this.#arrived = resolve);
    }
  }

  /** Gives the next JSON message that is not figures: those come when they come. */
  async next(): Promise<TabMessage> {
    for (;;) {
      const message = await this.take();
      if (message instanceof Uint8Array) throw new Error("Expected JSON, received an image");
      if (message.type !== "figures") return message;
    }
  }

  /** Gives the next image message. */
  async nextImage(): Promise<Uint8Array> {
    for (;;) {
      const message = await this.take();
      if (message instanceof Uint8Array) return message;
      if (message.type !== "figures") throw new Error(`Expected an image, got ${message.type}`);
    }
  }

  /** Gives the close code when the server ends the connection. */
  closeCode(): Promise<number> {
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened;
    this.#socket.close();
    await this.#closed;
  }
}
