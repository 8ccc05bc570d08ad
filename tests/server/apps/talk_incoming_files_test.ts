import { assertEquals } from "@std/assert";
import { fileKey, IncomingFiles } from "../../../server/apps/talk_incoming_files.ts";
import { frameSlice } from "../../../server/apps/talk_slices.ts";
import { SliceRecipient } from "../../helpers/slice_recipient.ts";

const FILE = {
  type: "file",
  id: 1,
  name: "ada",
  file: 2,
  title: "a",
  mediaType: "",
  size: 30,
  sliceBytes: 10,
  at: 0,
} as const;

/** One server, and what it tells the sender's. */
class Trial {
  time = 0;
  readonly audience = new Set<SliceRecipient>();
  readonly published: Record<string, unknown>[] = [];
  readonly incoming: IncomingFiles;

  constructor(people: number) {
    for (; people > 0; people--) this.audience.add(new SliceRecipient());
    const host = { audience: this.audience, queueBytes: 400, now: () => this.time };
    this.incoming = new IncomingFiles(
      host,
      (data) => this.published.push(JSON.parse(String(data))),
    );
  }

  announce(): void {
    this.incoming.receive(FILE, JSON.stringify(FILE));
  }

  slice(index: number): Uint8Array {
    const slice = frameSlice("ada", { id: 1, file: 2, index, bytes: new Uint8Array(10) });
    this.incoming.receiveSlice(slice);
    return slice;
  }

  beat(ms: number): void {
    this.time += ms;
    this.incoming.beat(this.time);
  }

  /** How many slices the sender's server was told of, each time. */
  told(): unknown[] {
    return this.published.splice(0).map(({ slices }) => slices);
  }
}

Deno.test("IncomingFiles passes a file on as it came, and says how far it is", () => {
  const trial = new Trial(2);
  trial.announce();
  const slices = [trial.slice(0), trial.slice(1)];
  assertEquals(trial.told(), [0]);
  trial.beat(50);
  trial.beat(50);
  assertEquals(trial.told(), [2]);
  slices.push(trial.slice(2));
  const end = { type: "file-end", id: 1, file: 2 } as const;
  trial.incoming.receive(end, JSON.stringify(end));
  for (const { got } of trial.audience) assertEquals(got, [FILE, ...slices, end]);
  assertEquals(trial.incoming.size, 0);
});

Deno.test("IncomingFiles says who says so, and of what", () => {
  const trial = new Trial(1);
  trial.announce();
  const { from, ...message } = trial.published[0] ?? {};
  assertEquals(message, { type: "took", id: 1, file: 2, slices: 0 });
  assertEquals(typeof from, "string");
});

Deno.test("IncomingFiles holds the sender back while somebody has no room, and repeats itself", () => {
  const trial = new Trial(1);
  const [ada] = trial.audience;
  trial.announce();
  trial.slice(0);
  ada!.bufferedAmount = 101;
  trial.told();
  trial.beat(50);
  assertEquals(trial.told(), []);
  trial.beat(1000);
  assertEquals(trial.told(), [0]);
  ada!.bufferedAmount = 0;
  trial.beat(50);
  assertEquals(trial.told(), [1]);
});

Deno.test("IncomingFiles takes no file when nobody is there", () => {
  const trial = new Trial(0);
  trial.announce();
  trial.slice(0);
  assertEquals([trial.published, trial.incoming.size], [[], 0]);
});

Deno.test("IncomingFiles ends a file of which a slice is missing", () => {
  const trial = new Trial(1);
  const [ada] = trial.audience;
  trial.announce();
  trial.slice(1);
  trial.slice(2);
  assertEquals(ada!.got, [FILE, { type: "file-stop", id: 1, file: 2, reason: "lost" }]);
  assertEquals(trial.told(), [0, -1]);
});

Deno.test("IncomingFiles ends a file when its server is silent", () => {
  const trial = new Trial(1);
  const [ada] = trial.audience;
  trial.announce();
  trial.beat(30_000);
  assertEquals(ada!.take(), [FILE]);
  trial.beat(1);
  assertEquals(ada!.take(), [{ type: "file-stop", id: 1, file: 2, reason: "left" }]);
  assertEquals(trial.incoming.size, 0);
});

Deno.test("IncomingFiles says when nobody here takes the file any more", () => {
  const trial = new Trial(2);
  const [ada, bob] = trial.audience;
  trial.announce();
  trial.incoming.refuse(ada!, 1, 2);
  trial.incoming.leave(bob!);
  trial.beat(50);
  assertEquals([trial.told(), trial.incoming.size], [[0, -1], 0]);
});

Deno.test("fileKey() tells files of different people apart", () => {
  assertEquals(new Set([fileKey(1, 12), fileKey(11, 2), fileKey(1, 1)]).size, 3);
});
