/**
 * Very many clients in one process: a test that needs a full server has no descriptors for both ends.
 * It opens connections, a batch at a time, and says `ready`. The clients answer pings and Close
 * frames; some of them send.
 *
 * Arguments: the port, how many connections, how many of them send.
 *
 * @module
 */
import { Opcode } from "../../protocol/mod.ts";
import { RawClient } from "./raw_client.ts";

/** How many handshakes are under way at once; a server takes 1,024. */
const BATCH = 200;

/** How often those that send do so, in milliseconds. */
const PAUSE = 200;

if (import.meta.main) {
  const [port = 0, connections = 0, senders = 0] = Deno.args.map(Number);
  const addr: Deno.NetAddr = { transport: "tcp", hostname: "127.0.0.1", port };
  for (let opened = 0; opened < connections; opened += BATCH) {
    const size = Math.min(BATCH, connections - opened);
    const batch = await Promise.all(
      Array.from({ length: size }, (_, index) => RawClient.open(addr, `/room/${index % 4}`)),
    );
    for (const [index, client] of batch.entries()) {
      const sending = opened + index < senders
        ? setInterval(() => client.sendMessage("hello from the crowd").catch(() => {}), PAUSE)
        : undefined;
      answer(client).catch(() => {}).finally(() => clearInterval(sending));
    }
  }
  await Deno.stdout.write(new TextEncoder().encode("ready\n"));
}

/** Answers what a peer has to answer, until the server has gone. */
async function answer(client: RawClient): Promise<void> {
  using _ = client;
  for (let frame = await client.frame(); frame !== undefined; frame = await client.frame()) {
    if (frame.opcode === Opcode.Ping) await client.sendFrame(Opcode.Pong, frame.payload);
    if (frame.opcode === Opcode.Close) await client.sendFrame(Opcode.Close, frame.payload);
  }
}
