import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type Data,
  type DroppedEvent,
  reconnecting,
  type ReconnectingOptions,
  type ReconnectingSocket,
} from "../../client/reconnecting_mod.ts";
import * as implementation from "../../client/reconnecting.js";
import { serve } from "../../mod.ts";
import { Events } from "../helpers/events.ts";
import { FakeClock, FakeSocket } from "../helpers/reconnecting_fakes.ts";

const STATES = ["connecting", "open", "waiting", "stopped"] as const;

/** A reconnecting socket over made-up connections, with what it told. */
class Trial {
  readonly clock = new FakeClock();
  readonly sockets: FakeSocket[] = [];
  /** The states it told of, as `waiting 250` where there is a moment or a code to tell. */
  readonly told: string[] = [];
  readonly messages: unknown[] = [];
  readonly dropped: Data[] = [];
  readonly socket: ReconnectingSocket;

  constructor(options: ReconnectingOptions = {}) {
    this.socket = reconnecting("ws://fake/", {
      clock: this.clock,
      random: () => 0.5,
      connect: () => {
        const socket = new FakeSocket();
        this.sockets.push(socket);
        return socket;
      },
      ...options,
    });
    for (const state of STATES) {
      this.socket.addEventListener(state, (event) => {
        const more = { waiting: event.until, stopped: event.code }[event.type];
        this.told.push(more === undefined ? event.type : `${event.type} ${more}`);
      });
    }
    this.socket.addEventListener("message", ({ data }) => this.messages.push(data));
    this.socket.addEventListener("dropped", ({ data }: DroppedEvent) => this.dropped.push(data));
  }

  /** The newest connection. */
  get last(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("No connection was asked for");
    return socket;
  }
}

Deno.test("reconnecting() is what reconnecting.d.ts says", () => {
  const declared: typeof reconnecting = implementation.reconnecting;
  assertEquals(declared, reconnecting);
});

Deno.test("reconnecting() connects at once, and tells of messages", () => {
  const { socket, last, told, messages } = new Trial();
  assertEquals(socket.state, { state: "connecting" });
  last.open();
  assertEquals([socket.state, told, last.binaryType], [{ state: "open" }, ["open"], "arraybuffer"]);
  last.say("hello");
  assertEquals(messages, ["hello"]);
  socket.close();
  last.end(1005);
});

Deno.test("reconnecting() waits longer each time when attempts fail", () => {
  const trial = new Trial();
  for (const wait of [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000]) {
    trial.last.end();
    const { state } = trial.socket;
    assertEquals(state, {
      state: "waiting",
      until: trial.clock.now() + wait,
      code: 1006,
      reason: "",
    });
    const attempts = trial.sockets.length;
    trial.clock.advance(wait - 1);
    assertEquals(trial.sockets.length, attempts);
    trial.clock.advance(1);
    assertEquals(trial.sockets.length, attempts + 1);
  }
  trial.socket.close();
});

Deno.test("reconnecting() starts the waits over when a connection was stable", () => {
  const trial = new Trial();
  trial.last.end();
  trial.clock.advance(250);
  trial.last.open();
  trial.clock.advance(9_999);
  trial.last.end(1001);
  trial.clock.advance(500);
  trial.last.open();
  trial.clock.advance(10_000);
  trial.last.end(1012, "restart");
  const until = trial.clock.now() + 250;
  assertEquals(trial.socket.state, { state: "waiting", until, code: 1012, reason: "restart" });
  trial.socket.close();
});

Deno.test("reconnecting() stops when the code means not to come back", () => {
  for (const code of [1002, 1003, 1007, 1008, 1010]) {
    const { socket, last, clock, told } = new Trial();
    last.open();
    last.end(code, "why");
    assertEquals(socket.state, { state: "stopped", code, reason: "why" });
    assertEquals([told, clock.timers], [["open", `stopped ${code}`], 0]);
  }
});

Deno.test("reconnecting() stops at the application's codes only when told to", () => {
  const stays = new Trial({ stopOnApplicationCodes: true });
  const returns = new Trial();
  for (const { last } of [stays, returns]) {
    last.open();
    last.end(4001);
  }
  assertEquals([stays.socket.state.state, returns.socket.state.state], ["stopped", "waiting"]);
  returns.socket.close();
});

Deno.test("reconnecting() gives an attempt up when it takes too long", () => {
  const trial = new Trial({ connectTimeout: 1000 });
  const [hanging] = trial.sockets;
  trial.clock.advance(1000);
  assertEquals(hanging?.closes.length, 1);
  assertEquals(trial.told, ["waiting 1250"]);
  hanging?.end();
  hanging?.open();
  trial.clock.advance(250);
  assertEquals(trial.told, ["waiting 1250", "connecting"]);
  trial.last.open();
  assertEquals(trial.told.at(-1), "open");
  trial.socket.close();
  trial.last.end(1000);
});

Deno.test("reconnecting() waits as long as the server asked, whatever the browser knows", () => {
  const trial = new Trial();
  trial.last.end(1006, "", 60_000);
  assertEquals(trial.told, ["waiting 60250"]);
  dispatchEvent(new Event("online"));
  assertEquals(trial.sockets.length, 1);
  trial.socket.now();
  assertEquals(trial.sockets.length, 2);
  trial.socket.close();
});

Deno.test("reconnecting() takes an opener that resolves to an open connection, or rejects", async () => {
  const opened = new FakeSocket();
  opened.readyState = 1;
  const refusal = Object.assign(new Error("503"), { retryAfter: 2000, code: "ECONNREFUSED" });
  const answers = [() => Promise.reject(refusal), () => Promise.resolve(opened)];
  const asked: unknown[] = [];
  const trial = new Trial({
    protocols: ["chat"],
    connect: (url, { protocols }) => {
      asked.push([url, protocols]);
      return answers.shift()!();
    },
  });
  const changes = new Events<string>();
  for (const state of STATES) trial.socket.addEventListener(state, () => changes.push(state));
  assertEquals(await changes.next(), "waiting");
  assertEquals(trial.told, ["waiting 2250"]);
  const { state } = trial.socket;
  assertEquals(state, { state: "waiting", until: 2250, code: 1006, reason: "", error: refusal });
  trial.clock.advance(2250);
  assertEquals([await changes.next(), await changes.next()], ["connecting", "open"]);
  assertEquals(trial.socket.send("hello"), "sent");
  assertEquals([asked, opened.sent], [Array(2).fill(["ws://fake/", ["chat"]]), ["hello"]]);
  trial.socket.close();
  opened.end(1005);
});

Deno.test("reconnecting() tells an opener to give up, and closes what comes too late", async () => {
  const { promise, resolve } = Promise.withResolvers<FakeSocket>();
  let signal: AbortSignal | undefined;
  const trial = new Trial({
    connect: (_url, options) => {
      signal = options.signal;
      return promise;
    },
  });
  trial.socket.close();
  assertEquals([signal?.aborted, trial.told], [true, ["stopped 1005"]]);
  const late = new FakeSocket();
  late.readyState = 1;
  resolve(late);
  await promise;
  assertEquals([late.closes.length, trial.told], [1, ["stopped 1005"]]);
});

Deno.test("reconnecting() goes on when a later opener throws, and throws when the first does", () => {
  let throws = false;
  const sockets: FakeSocket[] = [];
  const connect = () => {
    if (throws) throw new Error("no");
    sockets.push(new FakeSocket());
    return sockets.at(-1)!;
  };
  const trial = new Trial({ connect });
  throws = true;
  sockets[0]!.end();
  trial.clock.advance(250);
  assertEquals(trial.told, ["waiting 250", "connecting", "waiting 750"]);
  trial.socket.close();
  const clock = new FakeClock();
  assertThrows(() => reconnecting("ws://fake/", { connect, clock }), Error, "no");
  assertEquals(clock.timers, 0);
  assertThrows(() => reconnecting("ws://host with space/"), DOMException);
});

Deno.test("send() keeps what is sent before there is a connection, and sends it in order", () => {
  const { socket, last } = new Trial();
  assertEquals([socket.send("a"), socket.send("b")], ["kept", "kept"]);
  assertEquals(socket.bufferedAmount, 2 * 65);
  socket.addEventListener("open", () => socket.send("first"));
  last.open();
  assertEquals([last.sent, socket.bufferedAmount], [["first", "a", "b"], 0]);
  last.bufferedAmount = 7;
  assertEquals([socket.send("c"), socket.bufferedAmount], ["sent", 7]);
  socket.close();
  last.end(1005);
});

Deno.test("send() repeats nothing that a lost connection had taken", () => {
  const trial = new Trial();
  trial.last.open();
  trial.socket.send("taken");
  // Its Close frame has come, its end has not.
  trial.last.readyState = 2;
  assertEquals(trial.socket.send("kept"), "kept");
  trial.last.end(1001);
  trial.clock.advance(250);
  trial.last.open();
  assertEquals(trial.sockets.map(({ sent }) => sent), [["taken"], ["kept"]]);
  trial.socket.close();
  trial.last.end(1005);
});

Deno.test("send() follows the policy when the outbox is full", () => {
  const outcomes = (["reject", "drop-newest", "drop-oldest"] as const).map((whenFull) => {
    const { socket, dropped, last } = new Trial({ outboxBytes: 65, whenFull });
    const outcomes = [socket.send("a"), socket.send("b")];
    last.open();
    socket.close();
    last.end(1005);
    return [outcomes[1], dropped, last.sent];
  });
  assertEquals(outcomes, [
    ["rejected", [], ["a"]],
    ["dropped", ["b"], ["a"]],
    ["kept", ["a"], ["b"]],
  ]);
});

Deno.test("send() rejects once it stops", () => {
  const { socket, last } = new Trial();
  last.open();
  socket.close();
  assertEquals(socket.send("a"), "rejected");
  last.end(1005);
  assertEquals(socket.send("a"), "rejected");
});

Deno.test("close() shakes hands, and gives that up after a while", () => {
  const { socket, last, told, clock } = new Trial();
  last.open();
  socket.close(4000, "bye");
  socket.close(1000);
  assertEquals([last.closes, told], [[[4000, "bye"]], ["open"]]);
  clock.advance(5000);
  assertEquals([told, clock.timers], [["open", "stopped 4000"], 0]);
  last.end(1000);
  assertEquals(told.length, 2);
});

Deno.test("close() tells what the other side answered", () => {
  const { socket, last, clock } = new Trial();
  last.open();
  socket.close(1000, "bye");
  last.end(1000, "goodbye");
  assertEquals(socket.state, { state: "stopped", code: 1000, reason: "goodbye" });
  assertEquals(clock.timers, 0);
});

Deno.test("close() stops at once when there is no connection, and forgets the outbox", () => {
  const connecting = new Trial();
  const waiting = new Trial();
  waiting.last.end();
  for (const { socket, clock, last } of [connecting, waiting]) {
    socket.send("a");
    socket.close(1000, "bye");
    assertEquals(socket.state, { state: "stopped", code: 1000, reason: "bye" });
    assertEquals([socket.bufferedAmount, clock.timers], [0, 0]);
    last.open();
    assertEquals([socket.state.state, last.sent], ["stopped", []]);
  }
});

Deno.test("close() refuses what no Close frame carries, in every state", () => {
  const { socket, last } = new Trial();
  for (const code of [1001, 1005, 2999, 5000, NaN]) {
    assertThrows(() => socket.close(code), RangeError, `from 3000 to 4999: received ${code}`);
  }
  assertThrows(() => socket.close(undefined, "bye"), RangeError, "needs a close code");
  assertThrows(() => socket.close(1000, "é".repeat(62)), RangeError, "received 124 bytes");
  assertEquals(socket.state.state, "connecting");
  socket.close(1000, "é".repeat(61));
  assertEquals(last.closes.length, 1);
});

Deno.test("now() tries at once and starts the waits over", () => {
  const trial = new Trial();
  for (let count = 0; count < 3; count++) {
    trial.last.end();
    trial.socket.now();
  }
  trial.socket.now();
  assertEquals(trial.sockets.length, 4);
  trial.last.end();
  assertEquals(trial.told.at(-1), "waiting 250");
  trial.socket.close();
});

Deno.test("now() goes on after a stop, with what was kept", () => {
  const trial = new Trial();
  trial.socket.send("kept");
  trial.last.end(1008);
  trial.socket.now();
  assertEquals(trial.told, ["stopped 1008", "connecting"]);
  trial.last.open();
  assertEquals(trial.last.sent, ["kept"]);
  trial.socket.close();
  trial.last.end(1005);
});

Deno.test("the signal ends it for good", () => {
  const aborter = new AbortController();
  const trial = new Trial({ signal: aborter.signal });
  trial.last.open();
  aborter.abort();
  trial.last.end(1005);
  trial.socket.now();
  assertEquals([trial.sockets.length, trial.told], [1, ["open", "stopped 1005"]]);
  const never = new Trial({ signal: aborter.signal });
  assertEquals([never.sockets.length, never.socket.state.state], [0, "stopped"]);
});

Deno.test("an online event ends a wait, and nothing else", () => {
  const trial = new Trial();
  const online = () => dispatchEvent(new Event("online"));
  online();
  assertEquals(trial.sockets.length, 1);
  trial.last.end();
  online();
  assertEquals(trial.told, ["waiting 250", "connecting"]);
  trial.last.end(1008);
  online();
  assertEquals(trial.sockets.length, 2);
});

Deno.test("a page that is shown again ends a wait, whose successors go on growing", () => {
  const document = Object.assign(new EventTarget(), { hidden: true });
  Object.assign(globalThis, { document });
  try {
    const trial = new Trial();
    trial.last.end();
    document.dispatchEvent(new Event("visibilitychange"));
    assertEquals(trial.sockets.length, 1);
    document.hidden = false;
    document.dispatchEvent(new Event("visibilitychange"));
    assertEquals(trial.sockets.length, 2);
    trial.last.end();
    assertEquals(trial.told, ["waiting 250", "connecting", "waiting 500"]);
    trial.socket.close();
  } finally {
    Reflect.deleteProperty(globalThis, "document");
  }
});

Deno.test("reconnecting() comes back to a real server, over the platform's WebSocket", async () => {
  const start = (port: number) =>
    serve({
      port,
      hostname: "127.0.0.1",
      log: () => {},
      message: (connection, data) => void connection.send(data),
    });
  const first = start(0);
  const { port } = first.addr;
  const socket = reconnecting(`ws://127.0.0.1:${port}/`, { random: () => 0 });
  const events = new Events<string>();
  for (const state of STATES) socket.addEventListener(state, ({ type }) => events.push(type));
  socket.addEventListener("message", ({ data }) => events.push(`message ${data}`));
  assertEquals(socket.send("one"), "kept");
  assertEquals([await events.next(), await events.next()], ["open", "message one"]);
  await first.close();
  assertEquals(await events.next(), "waiting");
  assertEquals(socket.send("two"), "kept");
  await using _second = start(port);
  await events.find((event) => event === "message two");
  socket.close(1000, "done");
  assertEquals(await events.next(), "stopped");
  assert(!events.all.includes("dropped"));
});
