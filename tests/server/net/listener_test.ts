import { assert, assertEquals } from "@std/assert";
import { serve } from "../../../mod.ts";
import { Listener } from "../../../server/net/listener.ts";
import { Events, until } from "../../helpers/events.ts";
import { LogBook } from "../../helpers/log_book.ts";
import { Process } from "../../helpers/process.ts";
import { connectFrom, RawClient } from "../../helpers/raw_client.ts";

/** A listening socket whose `accept` does what a test says. */
class ScriptedListener {
  readonly addr = { transport: "tcp", hostname: "127.0.0.1", port: 1 } as const;
  readonly closed = Promise.withResolvers<never>();
  readonly #answers: (() => unknown)[];
  /** How often `accept` was called. */
  accepts = 0;

  constructor(...answers: (() => unknown)[]) {
    this.#answers = answers;
    this.closed.promise.catch(() => {});
  }

  accept(): Promise<Deno.TcpConn> {
    this.accepts++;
    const answer = this.#answers.shift();
    if (answer === undefined) return this.closed.promise;
    return Promise.resolve().then(answer) as Promise<Deno.TcpConn>;
  }

  close(): void {
    this.closed.reject(new Deno.errors.BadResource("Listener has been closed"));
  }
}

/** The listener under test, behind a scripted socket. */
function listenTo(scripted: ScriptedListener, crowded = false) {
  const accepted = new Events<unknown>();
  const book = new LogBook();
  const listener = new Listener(scripted as unknown as Deno.TcpListener, {
    accepted: accepted.push,
    crowded: () => crowded,
    log: book.log,
  });
  return { listener, accepted, book };
}

function conn(name: string): () => unknown {
  return () => ({ name, close: () => {} });
}

function fails(error: Error): () => never {
  return () => {
    throw error;
  };
}

const OUT = new Error("Too many open files (os error 24)");

/** Counts the timers that are set while `run` goes on. */
async function timersDuring(run: () => Promise<void>): Promise<number> {
  const original = globalThis.setTimeout;
  let count = 0;
  globalThis.setTimeout = ((...parameters: Parameters<typeof original>) => {
    count++;
    return original(...parameters);
  }) as typeof original;
  try {
    await run();
  } finally {
    globalThis.setTimeout = original;
  }
  return count;
}

for (const crowded of [false, true]) {
  const what = crowded
    ? "gives everything else a turn where many have come"
    : "accepts all at once";
  Deno.test(`Listener ${what}, when more wait`, async () => {
    const waiting = Array.from({ length: 40 }, (_, at) => conn(`${at}`));
    const { listener, accepted } = listenTo(new ScriptedListener(...waiting), crowded);
    const running = listener.run();
    const early: number[] = [];
    // Timers run in their order: the first one before the listener's own, which it sets afterwards.
    await new Promise<void>((resolve) =>
      setTimeout(() => {
        early.push(accepted.all.length);
        resolve();
      })
    );
    await until("all are accepted", () => accepted.all.length === 40);
    assertEquals(early, [crowded ? 15 : 40]);
    listener.close();
    await running;
  });
}

for (const kind of ["NotConnected", "ConnectionAborted", "ConnectionReset"] as const) {
  Deno.test(`Listener goes on at once after ${kind}, which only one connection met`, async () => {
    const broken = fails(new Deno.errors[kind]("left"));
    const scripted = new ScriptedListener(broken, broken, conn("next"));
    const { listener, book } = listenTo(scripted);
    const timers = await timersDuring(async () => {
      const running = listener.run();
      // Turns of the microtask queue are all that three answers need.
      for (let turn = 0; turn < 50; turn++) await Promise.resolve();
      listener.close();
      await running;
    });
    assertEquals([scripted.accepts, timers], [4, 0]);
    assertEquals(book.entries().map(({ level, event }) => `${level} ${event}`), [
      "debug left_early",
      "debug left_early",
    ]);
  });
}

Deno.test("Listener pauses when descriptors have run out, says so once, and resumes when one is back", async () => {
  const scripted = new ScriptedListener(fails(OUT), fails(OUT), fails(OUT), conn("next"));
  const { listener, accepted, book } = listenTo(scripted);
  const running = listener.run();
  for (let failures = 1; failures <= 3; failures++) {
    await until("accept has failed", () => scripted.accepts === failures);
    // However often the event loop turns, nothing is tried before a descriptor is back.
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    assertEquals(scripted.accepts, failures);
    assertEquals(book.entries().map(({ event }) => event), ["out_of_descriptors"]);
    listener.descriptorFreed();
  }
  await accepted.next();
  // One descriptor is no recovery: the next connection that waits may not get any.
  assertEquals(book.entries().map(({ event }) => event), ["out_of_descriptors"]);
  listener.close();
  await running;
});

Deno.test("Listener says that accepting goes on only when it has not failed for longer than a pause", async () => {
  const original = performance.now;
  let now = 0;
  performance.now = () => now;
  try {
    const after = (seconds: number, answer: () => unknown) => () => {
      now += seconds * 1_000;
      return answer();
    };
    const scripted = new ScriptedListener(
      ...[fails(OUT), after(1.1, conn("one")), after(1.1, fails(OUT)), after(1.1, conn("two"))],
      ...[after(1, conn("three")), after(1, conn("four"))],
    );
    const story: unknown[] = [];
    const listener = new Listener(scripted as unknown as Deno.TcpListener, {
      accepted: (conn) => story.push((conn as unknown as { name: string }).name),
      crowded: () => false,
      log: ({ event }) => story.push(event),
    });
    const running = listener.run();
    for (const accepts of [1, 3, 6]) {
      await until("it waits", () => scripted.accepts >= accepts);
      listener.descriptorFreed();
    }
    const told = ["out_of_descriptors", "one", "two", "three", "descriptors_back", "four"];
    assertEquals(story, told);
    listener.close();
    await running;
  } finally {
    performance.now = original;
  }
});

Deno.test("Listener ends while it pauses", async () => {
  const scripted = new ScriptedListener(fails(OUT));
  const { listener, book } = listenTo(scripted);
  const running = listener.run();
  await book.next("out_of_descriptors");
  listener.close();
  listener.close();
  await running;
  assertEquals(scripted.accepts, 1);
});

Deno.test("Listener says what other failure there was, and pauses", async () => {
  const scripted = new ScriptedListener(fails(new Error("Cannot allocate memory (os error 12)")));
  const { listener, book } = listenTo(scripted);
  const running = listener.run();
  assertEquals((await book.next("accept_failed")).level, "warning");
  listener.close();
  await running;
});

Deno.test("Listener closes what it accepts after its own end", async () => {
  const late = Promise.withResolvers<unknown>();
  let closed = false;
  const { listener, accepted } = listenTo(new ScriptedListener(() => late.promise));
  const running = listener.run();
  late.resolve({ close: () => closed = true });
  listener.close();
  await running;
  assertEquals([accepted.all.length, closed], [0, true]);
});

Deno.test("Listener finish() still serves what is being accepted, and then nothing more", async () => {
  const late = Promise.withResolvers<unknown>();
  const { listener, accepted } = listenTo(new ScriptedListener(() => late.promise, conn("never")));
  const running = listener.run();
  const finished = listener.finish();
  late.resolve({ name: "late", close: () => {} });
  await finished;
  await running;
  assertEquals(accepted.all.map((it) => (it as { name: string }).name), ["late"]);
  await listener.finish();
});

Deno.test({
  name: "Listener accepts the next connection after many that were reset while they waited" +
    (canReset() ? "" : " (ignored: this version of Deno cannot reset a connection)"),
  ignore: !canReset(),
  async fn() {
    await using server = serve({ port: 0 });
    const { hostname: host, port } = server.addr;
    // All in one go, so that they wait in the kernel's queue when they are reset.
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => connectFrom({ host, port })),
    );
    for (const client of clients) client.reset();
    await Promise.all(clients.map(({ gone }) => gone));
    using _client = await RawClient.open(server.addr);
    assertEquals(server.registry.size, 1);
  },
});

/** `resetAndDestroy()` of node:net does its work from here on. */
function canReset(): boolean {
  return Deno.version.deno.localeCompare("2.9.6", "en", { numeric: true }) >= 0;
}

// A process of its own that has few descriptors.

/** Starts a small echo server with 200 descriptors; it says on stderr what it logs. */
async function startSmall(limits: string): Promise<{ child: Process; addr: Deno.NetAddr }> {
  const code = `
    import { serve } from ${JSON.stringify(new URL("../../../mod.ts", import.meta.url).href)};
    // Some time after its start Deno opens descriptors for signals of its own, and panics if there are
    // none: now there are.
    Deno.addSignalListener("SIGUSR2", () => {});
    const server = serve({
      port: 0,
      limits: ${limits},
      message: (connection, data) => void connection.send(data),
      log: ({ level, event }) => level !== "debug" && console.error("log", event),
    });
    console.log("port", server.addr.port, "end");`;
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(script, code);
  const config = new URL("../../../deno.json", import.meta.url).pathname;
  const child = new Process("sh", [
    "-c",
    'ulimit -n 200 && exec "$0" run --no-check -A --config "$1" "$2"',
    Deno.execPath(),
    config,
    script,
  ]);
  const port = Number((await child.outLine("end")).split(" ")[1]);
  await Deno.remove(script);
  return { child, addr: { transport: "tcp", hostname: "127.0.0.1", port } };
}

Deno.test("Listener keeps serving when accept fails for want of descriptors, and recovers", async () => {
  const { child, addr } = await startSmall("{ connections: 100_000 }");
  await using _ = child;
  const first = await RawClient.open(addr);
  const early: RawClient[] = [];
  while (early.length < 50) early.push(await RawClient.connect(addr));
  // The kernel completes these connections whether they are accepted or not.
  const crowd = await Promise.all(Array.from({ length: 200 }, () => RawClient.connect(addr)));
  await child.errLine("log out_of_descriptors");
  for (let round = 0; round < 20; round++) {
    await first.sendMessage(`round ${round}`);
    assertEquals(await first.message(), `round ${round}`);
  }
  for (const client of early) await client.upgrade();
  for (const client of crowd) client.close();
  let isBack = false;
  const back = child.errLine("log descriptors_back").then(() => isBack = true);
  await until("accepting goes on", async () => {
    using late = await RawClient.open(addr);
    await late.sendMessage("late");
    assertEquals(await late.message(), "late");
    return isBack;
  });
  await back;
  for (const client of [first, ...early]) client.close();
  child.signal("SIGTERM");
  const { err } = await child.ended();
  const lines = err.split("\n").filter((line) => line.startsWith("log"));
  // However many waited in vain, and however often it was tried, there is one line.
  assertEquals(lines, ["log out_of_descriptors", "log descriptors_back"]);
});

Deno.test("Listener refuses with 503 what the descriptors do not allow, and recovers", async () => {
  const { child, addr } = await startSmall("{}");
  await using _ = child;
  const served: RawClient[] = [];
  const statuses: number[] = [];
  for (let count = 0; count < 400; count++) {
    const client = await RawClient.connect(addr);
    await client.sendUpgrade().catch(() => {}); // 503 may be there before
    const { status, headers } = await client.head();
    statuses.push(status);
    if (status === 101) served.push(client);
    else {
      assertEquals(headers.get("retry-after"), "5");
      client.close();
    }
  }
  const firstRefusal = statuses.indexOf(503);
  assert(firstRefusal > 100, `The first ${firstRefusal} were served`);
  assertEquals(new Set(statuses.slice(0, firstRefusal)), new Set([101]));
  assertEquals(new Set(statuses.slice(firstRefusal)), new Set([503]));
  for (const client of served) {
    await client.sendMessage("still there");
    assertEquals(await client.message(), "still there");
  }
  for (const client of served) client.close();
  await until("a new client is served", async () => {
    using client = await RawClient.connect(addr);
    await client.sendUpgrade().catch(() => {});
    return (await client.head()).status === 101;
  });
  child.signal("SIGTERM");
  const { err } = await child.ended();
  assertEquals(err.split("\n").filter((line) => line.startsWith("log")), ["log connections_limit"]);
});
