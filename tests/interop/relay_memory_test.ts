import { assert } from "@std/assert";
import { Opcode } from "../../protocol/mod.ts";
import { parseResident } from "../../server/scale/processes.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../helpers/certificate.ts";
import { fourtuple, servedAt } from "../helpers/process.ts";
import { RawClient } from "../helpers/raw_client.ts";
import { KEY, rawFrame } from "../helpers/raw_frame.ts";
import { withFiles } from "../helpers/serving.ts";

const TOO_OLD = Deno.version.deno.localeCompare("2.9.6", "en", { numeric: true }) < 0;

/** A message of 128 MiB in frames of 64 KiB. */
const PIECE_BYTES = 65_536;
const PIECES = 2_048;

/** How much more the process may hold while it passes that on, in bytes. */
const GROWTH = 33_554_432;

/** Passes a message on, from one client to another, and measures meanwhile. */
async function relay(files: string[], connect: (port: number) => Promise<Deno.Conn>) {
  await using server = fourtuple(["serve", "--app", "relay", "--port", "0", ...files]);
  const port = Number((await servedAt(server)).port);
  using sender = new RawClient(await connect(port));
  await sender.upgrade("/?name=ann");
  using receiver = await connect(port);
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
}

Deno.test({
  name: "serve --app relay grows by less than 32 MiB, however large a message is",
  ignore: Deno.build.os !== "linux",
  fn: () => relay([], (port) => Deno.connect({ hostname: "127.0.0.1", port })),
});

Deno.test({
  name: `serve --app relay grows by less than 32 MiB over TLS too${
    TOO_OLD ? " (ignored: needs Deno 2.9.6)" : ""
  }`,
  ignore: Deno.build.os !== "linux" || TOO_OLD,
  fn: () =>
    withFiles({ "cert.pem": TEST_CERTIFICATE, "key.pem": TEST_KEY }, async (path) => {
      const files = [`--tls-cert=${path("cert.pem")}`, `--tls-key=${path("key.pem")}`];
      const caCerts = [TEST_CERTIFICATE];
      await relay(files, (port) => Deno.connectTls({ hostname: "localhost", port, caCerts }));
    }),
});
