import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { drawTop, plainTop, roomForRows } from "../../../../server/cli/ops/top_screen.ts";
import {
  firstState,
  pressKey,
  type TopState,
  withAnswers,
} from "../../../../server/cli/ops/top_state.ts";
import {
  FAKE_EPOCH,
  fakeConnection,
  fakeConnections,
  FakeOperations,
} from "../../../helpers/fake_operations.ts";

const SIZE = { columns: 120, rows: 20 };

/** What is shown of a made-up server after some keys. */
async function shown(operations: FakeOperations, ...keys: string[]): Promise<TopState> {
  let state = firstState("127.0.0.1:6455");
  operations.now = FAKE_EPOCH + 60_000;
  const look = async () => ({
    snapshot: await operations.snapshot(),
    page: await operations.query({ sort: "rate", limit: roomForRows(SIZE) }),
  });
  state = withAnswers(state, await look());
  operations.now += 1_000;
  state = withAnswers(state, await look());
  for (const key of keys) ({ state } = pressKey(state, key));
  return state;
}

function textOf(state: TopState, size = SIZE): string {
  return drawTop(state, size).map(({ text }) => text).join("\n");
}

const QUIET = new FakeOperations([
  fakeConnection(1, { bytesPerSecond: 2_048, connectedAt: FAKE_EPOCH }),
  fakeConnection(2, { bytesPerSecond: 10 }),
]);

Deno.test("drawTop() shows figures, and the busiest connections below", async () => {
  const lines = textOf(await shown(QUIET)).split("\n");
  assertEquals(lines.slice(0, 8).map((line) => line.trimEnd()), [
    "Fourtuple at 127.0.0.1:6455   serving   up 1m01s   08:54:21 UTC",
    "Connections 2 of 19,936   opened 0/s, closed 0/s   handshakes 1   refused 5",
    "In 0 B/s, 0/s msg   Out 0 B/s, 0/s msg   queued 0 B   dropped 0",
    "Memory 57.2 MiB   heap 7.6 MiB of 11.4 MiB   Loop late by 0.8 ms, at most 12 ms",
    "Descriptors 34 of 20,000  [#.............................] 0%",
    "Next limit descriptors, at 19,936 connections (0% there)",
    "",
    "2 of 2 connections   by rate, the most first",
  ]);
  assertStringIncludes(lines[8]!, "4-tuple");
  assertStringIncludes(lines[9]!, "> 127.0.0.2:10001-127.0.0.1:8080  open    1m01s    2.0 KiB/s");
  assertStringIncludes(lines[10]!, "  127.0.0.3:10002-127.0.0.1:8080");
  assertStringIncludes(lines.at(-1)!, "q quit");
});

Deno.test("drawTop() fills the screen and no more, at any size and in any state", async () => {
  const hostile = `\x1b[2J\u202e日😀${"x".repeat(8_000)}`;
  const operations = new FakeOperations(
    fakeConnections(300).map((connection) => ({
      ...connection,
      target: hostile,
      subprotocol: hostile,
      worker: connection.id % 2,
    })),
  );
  const state = await shown(operations, "end");
  const description = (await operations.describe(state.connections[0]!.key))!;
  const states: TopState[] = [
    firstState(hostile),
    state,
    { ...state, message: hostile, source: hostile },
    { ...state, prompt: { kind: "filter", text: hostile } },
    { ...state, prompt: { kind: "kick", key: hostile } },
    { ...state, help: true, paused: true },
    { ...state, details: { key: hostile } },
    { ...state, details: { key: description.key, description } },
  ];
  for (
    const [columns, rows] of [[200, 60], [80, 24], [20, 11], [7, 3], [1, 1], [500, 1]] as const
  ) {
    for (const one of states) {
      const lines = drawTop(one, { columns, rows });
      assertEquals(lines.length, rows);
      for (const { text } of lines) {
        assert(text.length <= columns && /^[ -~]*$/.test(text), `${columns}x${rows}: ${text}`);
      }
    }
  }
});

Deno.test("drawTop() marks the selected connection, which is always in sight", async () => {
  const operations = new FakeOperations(fakeConnections(50));
  const selected = (state: TopState, rows: number) =>
    drawTop(state, { columns: 120, rows }).filter(({ style }) => style === "inverse");
  const state = await shown(operations, "end");
  for (const rows of [20, 15, 12]) {
    const [line, more] = selected(state, rows);
    assertStringIncludes(line!.text, `> ${state.selected}`);
    assertEquals([line!.text.length, more], [120, undefined]);
  }
});

Deno.test("drawTop() shows details with the kernel's queues", async () => {
  const state = await shown(QUIET, "enter");
  assertStringIncludes(textOf(state, { columns: 80, rows: 24 }), "asking...");
  const gone = { ...state, details: { key: "a", description: null } };
  assertStringIncludes(textOf(gone, { columns: 80, rows: 24 }), "not there any more");
  const description = (await QUIET.describe(state.details!.key))!;
  const text = textOf({ ...state, details: { key: description.key, description } }, {
    columns: 80,
    rows: 24,
  });
  for (
    const part of ["not read by us", "not acknowledged", "ESTABLISHED, descriptor 11", "idle for"]
  ) {
    assertStringIncludes(text, part);
  }
  assertStringIncludes(
    textOf({ ...state, details: { key: "a", description: fakeConnection(1) } }, {
      columns: 80,
      rows: 24,
    }),
    "not known",
  );
});

Deno.test("drawTop() asks in the last line, and says what happened", async () => {
  const last = (state: TopState) => drawTop(state, SIZE).at(-1)!.text;
  assertEquals(
    last(await shown(QUIET, "/", "1", "0")),
    "Connections from (address or network, empty for all): 10_",
  );
  assertEquals(last(await shown(QUIET, "x")), "Close 127.0.0.2:10001-127.0.0.1:8080? y/n");
  assertEquals(last(await shown(QUIET, "x", "n")), "Nothing was closed");
  assertStringIncludes(textOf(await shown(QUIET, "?")), "sort by rate");
  assertStringIncludes(textOf(await shown(QUIET, "p")), "PAUSED");
});

Deno.test("drawTop() does without what is not known", () => {
  const text = textOf(firstState("127.0.0.1:6455"));
  assert(!text.includes("undefined") && !text.includes("NaN") && !text.includes("Infinity"));
});

Deno.test("plainTop() writes the same without a selection", async () => {
  const lines = plainTop(await shown(QUIET));
  assertEquals(lines.length, 11);
  assert(lines.every((line) => !line.startsWith(">")));
  assertStringIncludes(lines[9]!, "127.0.0.2:10001");
});

Deno.test("roomForRows() is what the screen has left, and one at least", () => {
  assertEquals([20, 11, 5].map((rows) => roomForRows({ columns: 80, rows })), [10, 1, 1]);
});
