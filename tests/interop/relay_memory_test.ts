import { assert } from "@std/assert";
import { Opcode } from "../../protocol/mod.ts";
import { parseResident } from "../../server/scale/processes.ts";
import { fourtuple, servedAt } from "../helpers/process.ts";
import { RawClient } from "../helpers/raw_client.ts";
import { KEY, rawFrame } from "../helpers/raw_frame.ts";

/** A message of 128 MiB in frames of 64 KiB. */
const PIECE_BYTES = 65_536;
const PIECES = 2_048;

/** How much more the process may hold while it passes that on, in bytes. */
const GROWTH = 33_554_432;

Deno.test({
  name: "serve --app relay grows by less than 32 MiB, however large a message is",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using server = fourtuple(["serve", "--app", "relay", "--port", "0"]);
    const { hostname, port } = await servedAt(server);
    const addr: Deno.NetAddr = { transport: "tcp", hostname, port: Number(port) };
    using sender = await RawClient.open(addr, "/?name=ann");
    using receiver = await Deno.connect({ hostname, port: addr.port });
    await new RawClient(receiver).upgrade("/?name=ben");
    const resident = () => parseResident(Deno.readTextFileSync(`/proc/${server.pid}/status`))!;
    const before = resident();
    const sending = (async () => {
      const frame = rawFrame(Opcode.Continuation, new Uint8Array(PIECE_BYTES), KEY);
      await sender.send(rawFrame(Opcode.Binary, new Uint8Array(0), KEY));
      for (let at = 0; at < PIECES; at++) await sender.send(frame);
    })();
    const buffer = new Uint8Array(4 * PIECE_BYTES);
    let bytes = 0;
    let most = 0;
    for (let reads = 0; bytes < PIECES * PIECE_BYTES; reads++) {
      bytes += (await receiver.read(buffer))!;
      if (reads % 64 === 0) most = Math.max(most, resident());
    }
    await sending;
    assert(most - before < GROWTH, `${most - before} bytes more than ${before}`);
  },
});
