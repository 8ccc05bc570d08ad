import { assertEquals } from "@std/assert";
import { OutputStream, type StandardStream } from "../../../../server/cli/terminal/write_to.ts";
import { FOURTUPLE, Process, ROOT } from "../../../helpers/process.ts";
import { findPython } from "../../../helpers/programs.ts";

/** A stream that does with each write what the test says; both ways of writing are the same. */
function stream(
  take: (bytes: Uint8Array) => number,
): StandardStream & { text: () => string } {
  const taken: number[] = [];
  const writeSync = (bytes: Uint8Array): number => {
    const length = take(bytes);
    taken.push(...bytes.subarray(0, length));
    return length;
  };
  return {
    writeSync,
    write: (bytes) => new Promise((resolve) => resolve(writeSync(bytes))),
    text: () => new TextDecoder().decode(Uint8Array.from(taken)),
  };
}

const WAYS = {
  writeSync: (output: OutputStream, text: string) => Promise.resolve(output.writeSync(text)),
  write: (output: OutputStream, text: string) => output.write(text),
};

for (const [name, write] of Object.entries(WAYS)) {
  Deno.test(`OutputStream.${name}() writes all of a text, however little is taken at a time`, async () => {
    const target = stream(({ length }) => Math.min(2, length));
    const output = new OutputStream(target, { descriptor: 2 });
    assertEquals([await write(output, "größer"), output.exitCode], [true, 0]);
    assertEquals(target.text(), "größer");
  });

  Deno.test(`OutputStream.${name}() waits for a reader that has no room`, async () => {
    let refused = 0;
    const target = stream(() => {
      if (refused++ < 2) throw new Deno.errors.WouldBlock();
      return 1;
    });
    const output = new OutputStream(target, { descriptor: 2 });
    assertEquals(await write(output, "abc"), true);
    assertEquals(target.text(), "abc");
  });

  Deno.test(`OutputStream.${name}() is quiet when the reader has gone, and has SIGPIPE's exit code`, async () => {
    const said: string[] = [];
    let writes = 0;
    const target = stream(() => {
      writes++;
      throw new Deno.errors.BrokenPipe("Broken pipe (os error 32)");
    });
    const output = new OutputStream(target, {
      descriptor: 2,
      failed: (message) => said.push(message),
    });
    assertEquals([await write(output, "a"), await write(output, "b")], [false, false]);
    assertEquals([output.exitCode, said, writes], [141, [], 1]);
  });

  Deno.test(`OutputStream.${name}() says once why it cannot write, and has an exit code`, async () => {
    const said: string[] = [];
    const target = stream(() => {
      throw new Error("No space left on device (os error 28)");
    });
    const output = new OutputStream(target, {
      descriptor: 2,
      failed: (message) => said.push(message),
    });
    assertEquals([await write(output, "a"), await write(output, "b")], [false, false]);
    assertEquals([output.exitCode, said], [1, [
      "Cannot write to stderr: no space left on device",
    ]]);
  });
}

Deno.test("OutputStream.write() writes one thing after another", async () => {
  const target = stream(({ length }) => Math.min(1, length));
  const output = new OutputStream(target, { descriptor: 2 });
  await Promise.all([output.write("abc"), output.write("def")]);
  assertEquals(target.text(), "abcdef");
});

const python = Deno.build.os === "windows"
  ? { missing: "needs pipes that do not wait" }
  : await findPython("pty");
const reason = "missing" in python ? ` (ignored: ${python.missing})` : "";

/** All kinds of lines, and none, around the sizes at which Deno does something else. */
const TEXT = [
  ...Array.from({ length: 300 }, (_, i) => `${i} ${"x".repeat(i % 97)}`),
  "",
  "",
  ...[1022, 1023, 1024, 1025, 5000].map((length) => "y".repeat(length)),
  "the end",
].join("\n");

for (const kind of ["pipe", "socket", "pty"]) {
  for (const way of Object.keys(WAYS)) {
    for (const name of ["out", "err"] as const) {
      Deno.test({
        name:
          `OutputStream.${way}() loses and doubles nothing where std${name} is a ${kind} that ` +
          `does not wait${reason}`,
        ignore: reason !== "",
        async fn() {
          if ("missing" in python) return;
          const program = `
            import { OutputStream } from "${new URL("server/cli/terminal/write_to.ts", ROOT)}";
            const output = new OutputStream(Deno.std${name}, { descriptor: ${
            name === "out" ? 1 : 2
          } });
            for (const text of JSON.parse(Deno.args[0])) await output.${way}(text);
            Deno.exit(output.exitCode);`;
          // One text whole, and one line by line.
          const texts = [TEXT, ...TEXT.split(/(?<=\n)/)];
          const reader = new URL("../../../helpers/slow_reader.py", import.meta.url).pathname;
          const deno = [...FOURTUPLE.slice(0, -1), `data:,${encodeURIComponent(program)}`];
          const args = [...python.args, reader, kind, name, ...deno, JSON.stringify(texts)];
          await using process = new Process(python.command, args);
          const { code, out, err } = await process.ended();
          assertEquals([code, out === TEXT + TEXT], [0, true], err);
        },
      });
    }
  }
}
