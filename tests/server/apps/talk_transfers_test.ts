import { assert, assertEquals } from "@std/assert";
import type { ClientFileMessage } from "../../../server/apps/talk_file_messages.ts";
import type { Person } from "../../../server/apps/talk_roster_messages.ts";
import { SLOW_MS } from "../../../server/apps/talk_slice_audience.ts";
import { frameSlice } from "../../../server/apps/talk_slices.ts";
import {
  FILE_BYTES_PER_SECOND,
  MAX_FILES,
  MAX_FILES_HERE,
  SILENT_MS,
  TalkTransfers,
  TRANSFER_BEAT_MS,
  WINDOW_SLICES,
} from "../../../server/apps/talk_transfers.ts";
import { SliceRecipient } from "../../helpers/slice_recipient.ts";

const SLICE = 1000;

/** A room with a clock and a beat of the test's own. */
class Trial {
  time = 0;
  beating: (() => void) | undefined;
  readonly audience = new Set<SliceRecipient>();
  readonly transfers: TalkTransfers;

  constructor(options: { sliceBytes?: number } = {}) {
    const { sliceBytes = SLICE } = options;
    this.transfers = new TalkTransfers({
      audience: this.audience,
      people: () => this.audience.size,
      sliceBytes,
      queueBytes: 8 * sliceBytes,
      now: () => this.time,
      every: (_ms, run) => {
        this.beating = run;
        return () => this.beating = undefined;
      },
    });
  }

  enter(id: number, name = `p${id}`): { connection: SliceRecipient; person: Person } {
    const connection = new SliceRecipient();
    this.audience.add(connection);
    return { connection, person: { id, name, since: 0 } };
  }

  beat(times = 1): void {
    for (; times > 0; times--) {
      this.time += TRANSFER_BEAT_MS;
      this.beating?.();
    }
  }
}

function fileOf(size: number, file = 1): ClientFileMessage & { type: "file" } {
  return { type: "file", file, title: "a.bin", mediaType: "", size };
}

function sliceOf(index: number, length = SLICE, file = 1) {
  return { id: 0, file, index, bytes: new Uint8Array(length).fill(index) };
}

const stopped = (id: number, reason: string, file = 1) => ({ type: "file-stop", id, file, reason });

Deno.test("TalkTransfers passes a file on to the others, and asks for each slice", () => {
  const trial = new Trial();
  const [ada, bob] = [trial.enter(1, "ada"), trial.enter(2)];
  const { transfers } = trial;
  transfers.act(ada.connection, ada.person, fileOf(2500));
  const [announced] = bob.connection.take() as Record<string, unknown>[];
  const { at, ...rest } = announced ?? {};
  assertEquals(typeof at, "number");
  assertEquals(rest, { ...fileOf(2500), id: 1, name: "ada", sliceBytes: SLICE });
  trial.beat();
  assertEquals(ada.connection.take(), [{ type: "file-more", file: 1, slices: WINDOW_SLICES }]);
  for (const [index, length] of [[0, 1000], [1, 1000]] as const) {
    assert(transfers.pass(ada.person, sliceOf(index, length)));
    assertEquals(bob.connection.take(), [frameSlice("ada", { ...sliceOf(index, length), id: 1 })]);
  }
  trial.beat();
  assertEquals(ada.connection.take(), [{ type: "file-more", file: 1, slices: 3 }]);
  assert(transfers.pass(ada.person, sliceOf(2, 500)));
  bob.connection.take();
  const hash = "ab".repeat(32);
  transfers.act(ada.connection, ada.person, { type: "file-end", file: 1, hash });
  assertEquals(bob.connection.take(), [{ type: "file-end", id: 1, file: 1, hash }]);
  trial.beat(20);
  assertEquals([ada.connection.take(), bob.connection.take()], [[], []]);
  assertEquals(trial.beating, undefined);
});

Deno.test("TalkTransfers passes an empty file on", () => {
  const trial = new Trial();
  const [ada, bob] = [trial.enter(1), trial.enter(2)];
  trial.transfers.act(ada.connection, ada.person, fileOf(0));
  trial.transfers.act(ada.connection, ada.person, { type: "file-end", file: 1 });
  assertEquals(bob.connection.take().slice(1), [{ type: "file-end", id: 1, file: 1 }]);
});

Deno.test("TalkTransfers ends a file when a slice comes that does not belong there", () => {
  const wrong = [
    sliceOf(1), // not the next
    sliceOf(0, SLICE - 1), // too short
    sliceOf(0, SLICE + 1), // too long
  ];
  for (const slice of wrong) {
    const trial = new Trial();
    const [ada, bob] = [trial.enter(1), trial.enter(2)];
    trial.transfers.act(ada.connection, ada.person, fileOf(2500));
    trial.beat();
    ada.connection.take();
    bob.connection.take();
    assertEquals(trial.transfers.pass(ada.person, slice), false);
    for (const { connection } of [ada, bob]) {
      assertEquals(connection.take(), [stopped(1, "wrong")]);
    }
    assertEquals(trial.transfers.pass(ada.person, sliceOf(0)), false);
    assertEquals(bob.connection.take(), []);
  }
});

Deno.test("TalkTransfers ends a file when a slice comes that was not asked for", () => {
  const trial = new Trial();
  const [ada, bob] = [trial.enter(1), trial.enter(2)];
  trial.transfers.act(ada.connection, ada.person, fileOf(1e6));
  assertEquals(trial.transfers.pass(ada.person, sliceOf(0)), false);
  assertEquals(bob.connection.take().slice(1), [stopped(1, "wrong")]);
});

Deno.test("TalkTransfers ends a file that ends before its end", () => {
  const trial = new Trial();
  const [ada, bob] = [trial.enter(1), trial.enter(2)];
  trial.transfers.act(ada.connection, ada.person, fileOf(1));
  trial.transfers.act(ada.connection, ada.person, { type: "file-end", file: 1 });
  assertEquals(bob.connection.take().slice(1), [stopped(1, "wrong")]);
});

Deno.test("TalkTransfers lets nobody send, end or stop another's file", () => {
  const trial = new Trial();
  const [ada, bob, eve] = [trial.enter(1), trial.enter(2), trial.enter(3)];
  trial.transfers.act(ada.connection, ada.person, fileOf(2500));
  trial.beat();
  bob.connection.take();
  assertEquals(trial.transfers.pass(eve.person, { ...sliceOf(0), id: 1 }), false);
  trial.transfers.act(eve.connection, eve.person, { type: "file-end", file: 1 });
  trial.transfers.act(eve.connection, eve.person, { type: "file-stop", file: 1 });
  trial.transfers.act(eve.connection, eve.person, { type: "file-stop", file: 1, of: 1 });
  assertEquals(bob.connection.take(), []);
  assert(trial.transfers.pass(ada.person, sliceOf(0)));
  assertEquals(bob.connection.take().length, 1);
  assertEquals(eve.connection.take().length, 1);
});

Deno.test("TalkTransfers stops a file when its sender cancels it or leaves", () => {
  for (const reason of ["cancelled", "left"]) {
    const trial = new Trial();
    const [ada, bob] = [trial.enter(1), trial.enter(2)];
    trial.transfers.act(ada.connection, ada.person, fileOf(2500));
    if (reason === "left") trial.transfers.leave(ada.connection, ada.person);
    else trial.transfers.act(ada.connection, ada.person, { type: "file-stop", file: 1 });
    assertEquals(bob.connection.take().slice(1), [stopped(1, reason)]);
    trial.beat(20);
    assertEquals(trial.beating, undefined);
  }
});

Deno.test("TalkTransfers tells the sender when nobody takes the file any more", () => {
  const trial = new Trial();
  const [ada, bob, eve] = [trial.enter(1), trial.enter(2), trial.enter(3)];
  trial.transfers.act(ada.connection, ada.person, fileOf(2500));
  trial.transfers.act(bob.connection, bob.person, { type: "file-stop", file: 1, of: 1 });
  trial.beat();
  assertEquals(ada.connection.take(), [{ type: "file-more", file: 1, slices: 2 }]);
  trial.transfers.leave(eve.connection, eve.person);
  trial.beat();
  assertEquals(ada.connection.take(), [stopped(1, "nobody")]);
});

Deno.test("TalkTransfers refuses a file when nobody else is there", () => {
  const trial = new Trial();
  const ada = trial.enter(1);
  trial.transfers.act(ada.connection, ada.person, fileOf(1));
  assertEquals(ada.connection.take(), [stopped(1, "nobody")]);
});

Deno.test("TalkTransfers shows a file to nobody who comes later", () => {
  const trial = new Trial();
  const [ada] = [trial.enter(1), trial.enter(2)];
  trial.transfers.act(ada.connection, ada.person, fileOf(2500));
  const late = trial.enter(3);
  trial.beat();
  trial.transfers.pass(ada.person, sliceOf(0));
  trial.transfers.act(ada.connection, ada.person, { type: "file-stop", file: 1 });
  assertEquals(late.connection.take(), []);
});

Deno.test("TalkTransfers bounds the files of one person, and of all", () => {
  const trial = new Trial();
  const people = Array.from({ length: 7 }, (_, id) => trial.enter(id));
  for (const { connection, person } of people) {
    for (let file = 0; file <= MAX_FILES; file++) {
      trial.transfers.act(connection, person, fileOf(2500, file));
    }
  }
  const refused = people.map(({ connection }) =>
    connection.take().filter((message) => JSON.stringify(message).includes('"many"')).length
  );
  assertEquals(refused, [1, 1, 1, 1, 1, 3, 4]);
  assertEquals(people.length * (MAX_FILES + 1) - refused.reduce((a, b) => a + b), MAX_FILES_HERE);
  const [ada] = people;
  trial.transfers.act(ada!.connection, ada!.person, { type: "file-stop", file: 0 });
  ada!.connection.take();
  trial.transfers.act(ada!.connection, ada!.person, fileOf(2500, 0));
  trial.transfers.act(ada!.connection, ada!.person, fileOf(2500, 0));
  assertEquals(ada!.connection.take(), [stopped(0, "wrong", 0)]);
});

Deno.test("TalkTransfers asks for nothing while a receiver has no room, and leaves it out in the end", () => {
  const trial = new Trial();
  const [ada, bob, eve] = [trial.enter(1), trial.enter(2), trial.enter(3)];
  trial.transfers.act(ada.connection, ada.person, fileOf(1e6));
  eve.connection.bufferedAmount = 3 * SLICE;
  trial.beat(SLOW_MS / TRANSFER_BEAT_MS);
  assertEquals(ada.connection.take(), []);
  eve.connection.take();
  trial.beat(2);
  assertEquals(eve.connection.take(), [stopped(1, "slow")]);
  assertEquals(ada.connection.take(), [{ type: "file-more", file: 1, slices: 2 }]);
  bob.connection.take();
  trial.transfers.pass(ada.person, sliceOf(0));
  assertEquals([bob.connection.take().length, eve.connection.take().length], [1, 0]);
});

Deno.test("TalkTransfers ends a file whose sender keeps the others waiting", () => {
  for (const sent of [0, 1, 3]) {
    const trial = new Trial();
    const [ada, bob] = [trial.enter(1), trial.enter(2)];
    trial.transfers.act(ada.connection, ada.person, fileOf(2500));
    trial.beat();
    for (let index = 0; index < sent; index++) {
      assert(
        trial.transfers.pass(ada.person, sliceOf(index, Math.min(SLICE, 2500 - 1000 * index))),
      );
      trial.beat();
    }
    bob.connection.take();
    ada.connection.take();
    trial.beat(SILENT_MS / TRANSFER_BEAT_MS - 1);
    assertEquals(bob.connection.take(), []);
    trial.beat(2);
    for (const { connection } of [ada, bob]) {
      assertEquals(connection.take().at(-1), stopped(1, "silent"));
    }
  }
});

Deno.test("TalkTransfers asks one person for no more than the rate, however many files", () => {
  const sliceBytes = 256 * 1024;
  const trial = new Trial({ sliceBytes });
  const [ada] = [trial.enter(1), trial.enter(2)];
  for (let file = 0; file < MAX_FILES; file++) {
    trial.transfers.act(ada.connection, ada.person, fileOf(2 ** 40, file));
  }
  const next = Array(MAX_FILES).fill(0);
  const seconds = 5;
  for (let beats = seconds * 1000 / TRANSFER_BEAT_MS; beats > 0; beats--) {
    trial.beat();
    for (const message of ada.connection.take() as { file: number; slices: number }[]) {
      while (next[message.file] < message.slices) {
        const slice = sliceOf(next[message.file]++, sliceBytes, message.file);
        assert(trial.transfers.pass(ada.person, slice));
      }
    }
  }
  const bytes = sliceBytes * next.reduce((a, b) => a + b);
  assert(bytes <= FILE_BYTES_PER_SECOND * seconds + sliceBytes, `${bytes}`);
  assert(bytes > FILE_BYTES_PER_SECOND * seconds * 0.9, `${bytes}`);
});

Deno.test("TalkTransfers gives nobody a new allowance for beginning anew", () => {
  const sliceBytes = 256 * 1024;
  const trial = new Trial({ sliceBytes });
  const [ada] = [trial.enter(1), trial.enter(2)];
  let asked = 0;
  for (let beats = 0; beats < 100; beats++) {
    trial.transfers.act(ada.connection, ada.person, fileOf(2 ** 40));
    trial.beat();
    for (const { slices } of ada.connection.take() as { slices: number }[]) asked += slices;
    trial.transfers.act(ada.connection, ada.person, { type: "file-stop", file: 1 });
  }
  assert(asked * sliceBytes <= FILE_BYTES_PER_SECOND * 5 + sliceBytes, `${asked}`);
});

Deno.test("TalkTransfers tells everybody when the server stops", () => {
  const trial = new Trial();
  const [ada, bob] = [trial.enter(1), trial.enter(2)];
  trial.transfers.act(ada.connection, ada.person, fileOf(2500));
  trial.transfers.close();
  assertEquals(bob.connection.take().slice(1), [stopped(1, "left")]);
  assertEquals(trial.beating, undefined);
});
