import type { Contestant } from "../../../bench/throughput/contestants.ts";

/**
 * A server that says where it listens, and then does as it likes.
 *
 * @param body What it runs; `listener` is its socket.
 */
export function fakeServer(body: string): Contestant {
  const script = `
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    console.log("http://127.0.0.1:" + listener.addr.port + "/");
    ${body}`;
  return { name: "fake", title: "fake", command: () => [Deno.execPath(), "eval", script] };
}

/** One that ends at its first connection. */
export const dyingServer: Contestant = fakeServer(`
  await listener.accept();
  console.error("Out of luck");
  Deno.exit(3);`);
