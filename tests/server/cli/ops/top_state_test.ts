import { assertEquals } from "@std/assert";
import {
  firstState,
  pressKey,
  selectedRow,
  type TopAnswers,
  type TopState,
  withAnswers,
} from "../../../../server/cli/ops/top_state.ts";
import {
  fakeConnection,
  fakeConnections,
  FakeOperations,
} from "../../../helpers/fake_operations.ts";

/** What a made-up server tells at a moment. */
async function answers(
  operations: FakeOperations,
  at: number,
  sort: TopState["sort"] = "rate",
): Promise<TopAnswers> {
  operations.now = at;
  return { snapshot: await operations.snapshot(), page: await operations.query({ sort }) };
}

/** A screen with three connections. */
const STATE = withAnswers(
  firstState("127.0.0.1:6455"),
  await answers(new FakeOperations(fakeConnections(3)), 0, "age"),
);
const KEYS = STATE.connections.map(({ key }) => key);

/** Presses keys, and returns the state and the last action. */
function press(keys: readonly string[], state: TopState = STATE) {
  let action: ReturnType<typeof pressKey>["action"];
  for (const key of keys) ({ state, action } = pressKey(state, key));
  return { state, action };
}

Deno.test("withAnswers() makes rates of two snapshots", async () => {
  const operations = new FakeOperations([fakeConnection(1, { bytesIn: 0, bytesOut: 0 })]);
  const first = withAnswers(firstState("a"), await answers(operations, 1_000, "age"));
  assertEquals([first.rates, first.connections[0]!.bytesPerSecond], [undefined, undefined]);
  operations.connections = [fakeConnection(1, { bytesIn: 100, bytesOut: 300 })];
  const second = withAnswers(first, await answers(operations, 3_000, "age"));
  assertEquals([second.rates!.bytesIn, second.rates!.bytesOut], [50, 150]);
  assertEquals(second.connections[0]!.bytesPerSecond, 200);
  // A key was pressed: too close to make a rate of.
  const third = withAnswers(second, await answers(operations, 3_010, "age"));
  assertEquals([third.rates, third.connections[0]!.bytesPerSecond], [second.rates, 200]);
});

Deno.test("withAnswers() has no rates when a worker and its figures are gone", async () => {
  const operations = new FakeOperations(fakeConnections(3));
  const first = withAnswers(firstState("a"), await answers(operations, 1_000));
  operations.connections.pop();
  assertEquals(withAnswers(first, await answers(operations, 2_000)).rates, undefined);
});

Deno.test("withAnswers() makes no rate of two connections that had one 4-tuple", async () => {
  const operations = new FakeOperations([fakeConnection(1)]);
  const first = withAnswers(firstState("a"), await answers(operations, 1_000, "age"));
  operations.connections = [fakeConnection(2, { key: first.connections[0]!.key })];
  const second = withAnswers(first, await answers(operations, 2_000, "age"));
  assertEquals(second.connections[0]!.bytesPerSecond, undefined);
});

Deno.test("withAnswers() takes details only while they are shown", async () => {
  const description = STATE.connections[0]!;
  const details = { key: KEYS[0]!, description };
  const some = { ...await answers(new FakeOperations(), 1), details };
  assertEquals(withAnswers(STATE, some).details, undefined);
  const shown = press(["enter"]).state;
  assertEquals(withAnswers(shown, some).details, details);
});

Deno.test("pressKey() quits", () => {
  for (const key of ["q", "ctrl-c", "ctrl-d"]) assertEquals(press([key]).action, "quit");
  for (const prompt of ["/", "x"]) {
    assertEquals(press([prompt, "ctrl-c"]).action, "quit");
    assertEquals(press([prompt, "q"]).action, undefined);
  }
});

Deno.test("pressKey() sorts", () => {
  for (
    const [key, sort] of [
      ["r", "rate"],
      ["b", "bytes"],
      ["u", "queued"],
      ["a", "age"],
      ["i", "idle"],
      ["t", "roundTrip"],
    ] as const
  ) {
    const { state, action } = press([key]);
    assertEquals([state.sort, action], [sort, "refresh"]);
  }
  const seen = new Set<string>();
  let state = STATE;
  for (let i = 0; i < 6; i++) {
    ({ state } = pressKey(state, "s"));
    seen.add(state.sort);
  }
  assertEquals([seen.size, state.sort], [6, STATE.sort]);
  assertEquals(press(["v"]).state.reverse, true);
});

Deno.test("pressKey() selects within the rows", () => {
  const row = (...keys: string[]) => selectedRow(press(keys).state);
  assertEquals([row(), row("up"), row("j"), row("down", "j", "down")], [0, 0, 1, 2]);
  assertEquals([row("end"), row("end", "k"), row("end", "home"), row("pagedown")], [2, 1, 0, 2]);
  assertEquals(selectedRow(press(["j"], { ...STATE, connections: [] }).state), 0);
});

Deno.test("pressKey() keeps a connection selected when rows move, and the first when it goes", () => {
  const { state } = press(["j"]);
  const turned = { ...state, connections: [...state.connections].reverse() };
  assertEquals([state.selected, selectedRow(turned)], [KEYS[1], 1]);
  assertEquals(selectedRow({ ...state, connections: [STATE.connections[2]!] }), 0);
});

Deno.test("pressKey() shows details and goes back", () => {
  const { state, action } = press(["j", "enter"]);
  assertEquals([state.details, action], [{ key: KEYS[1]! }, "refresh"]);
  for (const key of ["escape", "enter", "backspace"]) {
    assertEquals(press([key], state).state.details, undefined);
  }
  assertEquals(press(["enter"], { ...STATE, connections: [] }).state.details, undefined);
});

Deno.test("pressKey() filters by a source that is typed", () => {
  const typed = ["/", "1", "0", "x", "backspace", ".", "up", "ö"];
  assertEquals(press(typed).state.prompt, { kind: "filter", text: "10." });
  const done = press([...typed, "enter"]);
  assertEquals([done.state.source, done.state.prompt, done.action], ["10.", undefined, "refresh"]);
  assertEquals(press(["/", "escape"], done.state).state.source, "10.");
  const long = press(["/", ...Array.from({ length: 200 }, () => "1")]).state.prompt;
  assertEquals(long?.kind === "filter" && long.text.length, 64);
});

Deno.test("pressKey() closes a connection only after a y", () => {
  const asked = press(["j", "x"]).state;
  assertEquals(asked.prompt, { kind: "kick", key: KEYS[1]! });
  assertEquals(press(["y"], asked).action, { kick: KEYS[1]! });
  for (const key of ["n", "enter", "q", "escape"]) {
    const { state, action } = press([key], asked);
    assertEquals([state.prompt, action, state.message], [
      undefined,
      undefined,
      "Nothing was closed",
    ]);
  }
  assertEquals(press(["x"], { ...STATE, connections: [] }).state.prompt, undefined);
  assertEquals(press(["enter", "x"]).state.prompt, { kind: "kick", key: KEYS[0]! });
});

Deno.test("pressKey() pauses, and asks again after", () => {
  const { state } = press(["p"]);
  assertEquals(state.paused, true);
  assertEquals(press(["p"], state).action, "refresh");
});

Deno.test("pressKey() explains the keys until another key", () => {
  for (const key of ["?", "h"]) {
    const { state } = press([key]);
    assertEquals([state.help, press(["r"], state).state.help], [true, false]);
  }
});

Deno.test("pressKey() leaves all as it is for keys that mean nothing", () => {
  for (const key of ["z", "constructor", "toString", "日"]) {
    assertEquals(press([key]), { state: STATE, action: undefined });
  }
});
