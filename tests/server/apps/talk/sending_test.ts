import { assertEquals } from "@std/assert";
import { Sending } from "../../../../server/apps/talk/sending.js";
import { SliceHash } from "../../../../server/apps/talk/slice_hash.js";
import type { ClientFileMessage } from "../../../../server/apps/talk_file_messages.ts";

/** A file that is sent to the test. */
class Trial {
  connected = true;
  readonly told: ClientFileMessage[] = [];
  readonly slices: [index: number, bytes: number[]][] = [];
  readonly progress: number[] = [];
  readonly ends: (string | undefined)[] = [];
  readonly sending: Sending;

  constructor(file: File) {
    this.sending = new Sending(file, { title: "a.txt", sliceBytes: 2 }, {
      tell: (message) => {
        this.told.push(message);
        return Promise.resolve(this.connected);
      },
      sendSlice: (_file, index, bytes) => this.slices.push([index, [...bytes]]),
      progress: (bytes) => this.progress.push(bytes),
      ended: (fault) => this.ends.push(fault),
    });
  }
}

const five = () => new File([Uint8Array.of(1, 2, 3, 4, 5)], "a.txt", { type: "text/plain;x=1" });

async function hashOf(...slices: number[][]): Promise<string> {
  const hash = new SliceHash();
  for (const slice of slices) hash.add(Uint8Array.from(slice));
  return await hash.finish() ?? "";
}

Deno.test("Sending sends each slice when it is asked for, and then the hash", async () => {
  const { sending, told, slices, progress, ends } = new Trial(five());
  await sending.begin();
  const file = sending.number;
  assertEquals(told, [{ type: "file", file, title: "a.txt", mediaType: "text/plain", size: 5 }]);
  assertEquals(slices, []);
  await sending.more(2);
  assertEquals([slices, progress, ends], [[[0, [1, 2]], [1, [3, 4]]], [2, 4], []]);
  // More than there are: what a server says is bounded too.
  await sending.more(99);
  assertEquals([slices.length, progress.at(-1), ends], [3, 5, [undefined]]);
  assertEquals(told[1], { type: "file-end", file, hash: await hashOf([1, 2], [3, 4], [5]) });
});

Deno.test("Sending sends each slice once when it is asked while it reads", async () => {
  const { sending, slices, ends } = new Trial(five());
  await Promise.all([sending.more(1), sending.more(2), sending.more(3)]);
  assertEquals(slices.map(([index]) => index), [0, 1, 2]);
  assertEquals(ends, [undefined]);
});

Deno.test("Sending ends an empty file at once", async () => {
  const { sending, told, ends } = new Trial(new File([], "a.txt"));
  await sending.begin();
  assertEquals(told.map(({ type }) => type), ["file", "file-end"]);
  assertEquals(ends, [undefined]);
});

Deno.test("Sending sends nothing more once it is cancelled or stopped", async () => {
  const { sending, told, slices, ends } = new Trial(five());
  const reading = sending.more(3);
  sending.cancel();
  sending.cancel();
  sending.stop("late");
  await reading;
  await sending.more(3);
  assertEquals([slices, ends], [[], ["Cancelled"]]);
  assertEquals(told, [{ type: "file-stop", file: sending.number }]);
});

Deno.test("Sending tells the server when the file cannot be read", async () => {
  const file = five();
  file.slice = () =>
    Object.assign(new Blob(), { arrayBuffer: () => Promise.reject(new Error("gone")) });
  const { sending, told, ends } = new Trial(file);
  await sending.more(1);
  assertEquals(ends, ["The file cannot be read any more"]);
  assertEquals(told, [{ type: "file-stop", file: sending.number }]);
});

Deno.test("Sending ends when there is no connection to announce the file on", async () => {
  const trial = new Trial(five());
  trial.connected = false;
  await trial.sending.begin();
  assertEquals(trial.ends, ["Not connected"]);
});
