import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { encodeFrame, Opcode } from "../../../../protocol/mod.ts";
import { decode, runDecode } from "../../../../server/cli/decode/decode.ts";
import { deflateFault } from "../../../../server/connection/deflate/deflate_fault.ts";
import { concat, fromHex } from "../../../helpers/notation.ts";
import { written } from "../../../helpers/written.ts";

function run(input: string | Uint8Array, ...args: string[]) {
  const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
  return written((io) => runDecode(args, io, () => ReadableStream.from([bytes])));
}

Deno.test("decode draws each frame and says what it means", async () => {
  const { code, out, err } = await run("8105 48656c6c6f 8900");
  assertEquals([code, err], [0, ""]);
  const lines = out.split("\n");
  assertEquals(lines.slice(0, 4), [
    "9 bytes, read as hex; frames for a client: not masked",
    "",
    "Frame 1: text, 7 bytes from byte 0 on",
    "",
  ]);
  assertStringIncludes(out, "\n|1|0|0|0|0 0 0 1|0|0 0 0 0 1 0 1|");
  assertStringIncludes(out, '\n  text     "Hello"\n');
  assertStringIncludes(out, "\n\nFrame 2: ping, 2 bytes from byte 7 on\n\n");
  assert(out.endsWith("\n\n2 frames, whole and by the rules\n"), out);
});

Deno.test("decode reads base64, and frames as they are", async () => {
  const bytes = fromHex("8185 37fa213d 7f9f4d5158");
  for (const [input, format] of [["gYU3+iE9f59NUVg=", "base64"], [bytes, "binary"]] as const) {
    const { code, out } = await run(input);
    assertEquals(code, 0);
    assertStringIncludes(out, `11 bytes, read as ${format}; frames for a server: masked\n`);
    assertStringIncludes(out, '  text     "Hello"\n');
  }
});

Deno.test("decode exits 1 and reads no further when a rule is broken", async () => {
  const { code, out } = await run("8900 8300 8900 8900");
  assertEquals(code, 1);
  assertStringIncludes(
    out,
    "  broken   RESERVED_OPCODE: Frame has the reserved opcode 3 (RFC 6455",
  );
  assert(
    out.endsWith("\nFrame 2 breaks a rule: RESERVED_OPCODE; 4 bytes after it were not read\n"),
  );
});

Deno.test({
  name: `decode --deflate inflates, and shows nothing compressed as text${
    deflateFault() === undefined ? "" : ` (ignored: ${deflateFault()})`
  }`,
  ignore: deflateFault() !== undefined,
  async fn() {
    // RFC 7692 7.2.3: in two frames with a Ping between, once more with the context, and plain.
    const input = "4103f248cd 8900 8004c9c90700 c105f200110000 810141";
    const { code, out } = await run(input, "--deflate");
    assertEquals(code, 0);
    assertEquals(out.match(/^ {2}(?:inflated|text) .*$/gm), [
      '  inflated 5 bytes: "Hello"',
      '  inflated 5 bytes: "Hello"',
      '  text     "A"',
    ]);
    const json = await run(input, "--deflate", "--json", "--bytes=3");
    const records = json.out.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(records.map(({ compressed, text, inflated }) => [compressed, text, inflated]), [
      [true, undefined, undefined],
      [undefined, undefined, undefined],
      [true, undefined, { bytes: 5, hex: "48656c", text: "Hel" }],
      [true, undefined, { bytes: 5, hex: "48656c", text: "Hel" }],
      [undefined, "A", undefined],
    ]);
    // From the middle on the context is missing.
    const late = await run("c105f200110000", "--deflate");
    assertEquals(late.code, 0);
    assertStringIncludes(late.out, "  inflated cannot be: ");
    assertEquals((await run("c105f200110000")).code, 1, "RSV1 has no meaning unless told");
    // Inflated texts are UTF-8 too.
    const bad = await run("c103 fa0f00", "--deflate");
    assertEquals([bad.code, bad.out.includes("INVALID_UTF8")], [1, true]);
  },
});

Deno.test("decode takes the role that it is given", async () => {
  const { code, out } = await run("8900", "--role", "server");
  assertEquals(code, 1);
  assertStringIncludes(out, "MASK_MISSING");
});

Deno.test("decode exits 1 when the input ends too early, or is empty", async () => {
  const cut = await run("8105 48656c");
  assertEquals(cut.code, 1);
  assertStringIncludes(cut.out, "  cut off  2 bytes are missing\n\nFrame 1 is cut off\n");
  const empty = await run("");
  assertEquals(empty.code, 1);
  assertStringIncludes(empty.out, "No frame: the input is empty\n");
});

Deno.test("decode says so when a message goes on after the last frame", async () => {
  for (const input of ["0101 61", "0101 61 8900"]) {
    const { code, out } = await run(input);
    assertEquals(code, 0);
    assertStringIncludes(out, "by the rules; message 1 goes on after them\n");
  }
});

Deno.test("decode --json prints a line for each frame, and all else to stderr", async () => {
  const good = await run("8105 48656c6c6f 8900", "--json", "--bytes", "2");
  assertEquals([good.code, good.err], [
    0,
    "fourtuple decode: 9 bytes, read as hex; frames for a client: not masked\n",
  ]);
  const records = good.out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(records.map(({ frame, name, hex }) => [frame, name, hex]), [
    [1, "text", "4865"],
    [2, "ping", ""],
  ]);
  const broken = await run("8300", "--json");
  assertEquals([broken.code, JSON.parse(broken.out).broken.section], [1, "5.2"]);
  assertStringIncludes(broken.err, "fourtuple decode: Frame 1 breaks a rule: RESERVED_OPCODE\n");
});

Deno.test("decode lets no text of others steer the terminal", async () => {
  const payload = "\x1b[2J\x9b\u202e\n\x7f";
  const close = encodeFrame(
    Opcode.Close,
    concat([fromHex("03e8"), new TextEncoder().encode(payload)]),
  );
  const input = concat([encodeFrame(Opcode.Text, payload), close]);
  for (const args of [[], ["--json"]]) {
    const { out } = await run(input, ...args);
    assert(!/\p{Cf}|(?!\n)\p{Cc}/u.test(out), out);
  }
});

Deno.test("decode ends when nobody reads any more", async () => {
  let lines = 0;
  const code = await runDecode(
    ["--json"],
    { out: () => ++lines < 2, write: () => Promise.resolve(false), err: () => {} },
    () => ReadableStream.from([fromHex("8900".repeat(1_000))]),
  );
  assertEquals([code, lines], [0, 2]);
});

Deno.test("decode refuses more than 16 MiB, and leaves the rest unread", async () => {
  let chunks = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      chunks++;
      controller.enqueue(new Uint8Array(2 ** 20));
    },
  }, { highWaterMark: 0 });
  const { code, out, err } = await written((io) => runDecode([], io, () => endless));
  assertEquals([code, out, chunks], [1, "", 17]);
  assertStringIncludes(err, "expected at most 16777216 bytes");
});

Deno.test("decode --file reads a file, and says why it cannot", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, fromHex("8900"));
  const { code, out } = await written((io) => decode.run(["--file", path], io));
  await Deno.remove(path);
  assertEquals(code, 0);
  assertStringIncludes(out, "2 bytes, read as binary");
  const missing = await written((io) => decode.run(["--file", path], io));
  assertEquals([missing.code, missing.out, missing.err], [
    1,
    "",
    `fourtuple decode: ${JSON.stringify(path)} cannot be read: there is no such file\n`,
  ]);
});

Deno.test("decode says what the input should have been", async () => {
  const { code, out, err } = await run("hello world!");
  assertEquals([code, out], [1, ""]);
  assertStringIncludes(err, "fourtuple decode: Cannot tell what the input is");
});

Deno.test("decode exits 2 and names all problems when the usage is wrong", async () => {
  const { code, out, err } = await run("8900", "--format=gif", "--role", "peer", "--bytes=-1", "x");
  assertEquals([code, out], [2, ""]);
  for (
    const part of ["--format: expected one of auto", "--role: ", "--bytes: ", '"x": unexpected']
  ) {
    assertStringIncludes(err, part);
  }
  assert(err.endsWith("Try: fourtuple decode --help\n"));
});

Deno.test("decode --help documents the exit codes", async () => {
  const { code, out } = await run("", "--help");
  assertEquals([code, out], [0, decode.help]);
  assertStringIncludes(out, "Exit codes: 0 ");
});
