import { assertEquals } from "@std/assert";
import { LineWriter } from "../../../../server/cli/serve/line_writer.ts";

/** A target that takes bytes when the test says so. */
class SlowTarget {
  text = "";
  #asked = Promise.withResolvers<void>();
  #pending: ((result: number | Error) => void) | undefined = undefined;
  #bytes: Uint8Array = new Uint8Array(0);

  /** Resolves when there is something to take. */
  get asked(): Promise<void> {
    return this.#asked.promise;
  }

  write(bytes: Uint8Array): Promise<number> {
    this.#bytes = bytes;
    this.#asked.resolve();
    return new Promise((resolve, reject) => {
      this.#pending = (result) => typeof result === "number" ? resolve(result) : reject(result);
    });
  }

  /** Takes some of the bytes, or all. */
  take(count: number = this.#bytes.length): void {
    this.text += new TextDecoder().decode(this.#bytes.subarray(0, count));
    this.#asked = Promise.withResolvers();
    this.#pending?.(count);
  }

  fail(): void {
    this.#pending?.(new Deno.errors.BrokenPipe());
  }
}

/** A target that takes everything at once. */
function eager(): { text: string; write(bytes: Uint8Array): Promise<number> } {
  return {
    text: "",
    write(bytes) {
      this.text += new TextDecoder().decode(bytes);
      return Promise.resolve(bytes.length);
    },
  };
}

const MIB = 1024 * 1024;

Deno.test("LineWriter writes lines in order", async () => {
  const target = eager();
  const writer = new LineWriter(target);
  for (let line = 1; line <= 5; line++) writer.write(`${line}\n`);
  await writer.flush();
  assertEquals(target.text, "1\n2\n3\n4\n5\n");
});

Deno.test("LineWriter.flush() resolves when there is nothing to write, and writes nothing", async () => {
  let writes = 0;
  await new LineWriter({ write: ({ length }) => Promise.resolve((writes++, length)) }).flush();
  assertEquals(writes, 0);
});

Deno.test("LineWriter goes on where the target took only a part", async () => {
  const target = new SlowTarget();
  const writer = new LineWriter(target);
  writer.write("abcdef\n");
  target.take(2);
  await target.asked;
  target.take(1);
  await target.asked;
  target.take();
  await writer.flush();
  assertEquals(target.text, "abcdef\n");
});

Deno.test("LineWriter writes what comes while the target is busy in one piece, afterwards", async () => {
  const pieces: string[] = [];
  const target = new SlowTarget();
  const writer = new LineWriter({
    write(bytes) {
      pieces.push(new TextDecoder().decode(bytes));
      return target.write(bytes);
    },
  });
  writer.write("1\n");
  writer.write("2\n");
  writer.write("3\n");
  assertEquals(pieces, ["1\n"]);
  target.take();
  await target.asked;
  target.take();
  await writer.flush();
  assertEquals(pieces, ["1\n", "2\n3\n"]);
});

Deno.test("LineWriter loses no line that comes in the moment in which it has become idle", async () => {
  // After the target has answered, a line comes one, two … microtasks later.
  for (let later = 0; later < 10; later++) {
    const target = eager();
    const writer = new LineWriter(target);
    writer.write("1\n");
    for (let task = 0; task < later; task++) await Promise.resolve();
    writer.write("2\n");
    await writer.flush();
    assertEquals(target.text, "1\n2\n", `${later} microtasks later`);
  }
});

Deno.test("LineWriter drops and counts what a slow reader leaves no room for", async () => {
  const target = new SlowTarget();
  const writer = new LineWriter(target);
  writer.write("first\n");
  const half = `${"x".repeat(MIB / 2 - 1)}\n`;
  for (let line = 0; line < 5; line++) writer.write(half);
  target.take();
  await target.asked;
  writer.write("later\n");
  target.take();
  await target.asked;
  target.take();
  await writer.flush();
  const notice = "(3 log lines were dropped: their reader is too slow)\n";
  assertEquals(target.text.split(half).length, 3, "two of the five had room");
  assertEquals(target.text.replaceAll(half, ""), `first\n${notice}later\n`);
});

Deno.test("LineWriter counts anew after it has told of dropped lines", async () => {
  const target = new SlowTarget();
  const writer = new LineWriter(target);
  const line = `${"x".repeat(MIB - 1)}\n`;
  for (let round = 0; round < 2; round++) {
    writer.write("a\n");
    writer.write(line);
    writer.write("dropped\n");
    target.take();
    await target.asked;
    target.take();
    await writer.flush();
  }
  const notice = "(1 log lines were dropped: their reader is too slow)\n";
  assertEquals(target.text.replaceAll(line, "X\n"), `a\nX\n${notice}`.repeat(2));
});

Deno.test("LineWriter tells of a line that is too long for it, though nothing else waits", async () => {
  const target = eager();
  const writer = new LineWriter(target);
  writer.write(`${"x".repeat(MIB)}\n`);
  await writer.flush();
  assertEquals(target.text, "(1 log lines were dropped: their reader is too slow)\n");
});

Deno.test("LineWriter gives up what a closed target refuses, and says so with the next line", async () => {
  const target = new SlowTarget();
  const writer = new LineWriter(target);
  writer.write("lost\n");
  writer.write("lost too\n");
  target.fail();
  await writer.flush();
  assertEquals(writer.lost, { lines: 2, reason: "their reader had left", left: true });
  writer.write("there\n");
  target.take();
  await writer.flush();
  assertEquals(target.text, "(2 log lines were dropped: their reader had left)\nthere\n");
  assertEquals(writer.lost, undefined);
});

Deno.test("LineWriter waits for a reader that has no room, and loses nothing", async () => {
  let refused = 0;
  let text = "";
  const writer = new LineWriter({
    write(bytes) {
      if (refused++ < 3) return Promise.reject(new Deno.errors.WouldBlock());
      text += new TextDecoder().decode(bytes);
      return Promise.resolve(bytes.length);
    },
  });
  writer.write("1\n");
  writer.write("2\n");
  await writer.flush();
  assertEquals([text, writer.lost], ["1\n2\n", undefined]);
});

Deno.test("LineWriter counts each line that a full disk has cost, whole or torn, until it could say so", async () => {
  let room = 3;
  let text = "";
  const writer = new LineWriter({
    write(bytes) {
      const taken = Math.min(room, bytes.length);
      if (taken === 0) return Promise.reject(new Error("No space left on device (os error 28)"));
      room -= taken;
      text += new TextDecoder().decode(bytes.subarray(0, taken));
      return Promise.resolve(taken);
    },
  });
  for (const line of ["1\n", "2\n", "3\n"]) {
    writer.write(line);
    await writer.flush();
  }
  const reason = "no space left on device";
  assertEquals(writer.lost, { lines: 2, reason, left: false });
  room = 10; // not enough for the notice
  writer.write("4\n");
  await writer.flush();
  assertEquals(writer.lost?.lines, 3);
  room = 1_000;
  writer.write("5\n");
  await writer.flush();
  const torn = `\n(2 log li`;
  assertEquals(text, `1\n2${torn}\n(3 log lines were dropped: ${reason})\n5\n`);
  assertEquals(writer.lost, undefined);
});

Deno.test("LineWriter survives a target that throws", async () => {
  const writer = new LineWriter({
    write() {
      throw new Deno.errors.BadResource();
    },
  });
  writer.write("lost\n");
  await writer.flush();
  writer.write("lost\n");
  await writer.flush();
});
