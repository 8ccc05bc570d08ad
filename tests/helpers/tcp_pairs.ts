import { formatFourTuple, fourTupleOf } from "../../server/net/four_tuple.ts";

/** An accepted connection, as a registry would have it. */
export interface Accepted {
  readonly key: string;
  readonly id: number;
  readonly conn: Deno.TcpConn;
}

/** A listener and connections to it, both ends in this process; all are closed when it is disposed of. */
export class TcpPairs implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  /** The server's ends. */
  readonly accepted: Accepted[] = [];
  /** The clients' ends. */
  readonly clients: Deno.TcpConn[] = [];

  /** @param count How many connections there are at first. */
  static async of(count: number): Promise<TcpPairs> {
    const pairs = new TcpPairs();
    for (let added = 0; added < count; added++) await pairs.add();
    return pairs;
  }

  /** Where it listens. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** Opens one more. */
  async add(): Promise<Accepted> {
    const [conn, client] = await Promise.all([
      this.#listener.accept(),
      Deno.connect({ hostname: "127.0.0.1", port: this.port }),
    ]);
    this.clients.push(client);
    const one = { key: formatFourTuple(fourTupleOf(conn)), id: this.accepted.length + 1, conn };
    this.accepted.push(one);
    return one;
  }

  [Symbol.dispose](): void {
    const conns = this.accepted.map(({ conn }) => conn);
    for (const resource of [this.#listener, ...this.clients, ...conns]) {
      try {
        resource.close();
      } catch {
        // The test closed it.
      }
    }
  }
}

/** Runs something while `Deno.open` is another. */
export async function withOpen<Result>(
  open: typeof Deno.open,
  run: () => Promise<Result>,
): Promise<Result> {
  const before = Deno.open;
  Deno.open = open;
  try {
    return await run();
  } finally {
    Deno.open = before;
  }
}
