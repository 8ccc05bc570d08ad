import { assertEquals, assertRejects } from "@std/assert";
import { ConnectError } from "../../client/connect_error.ts";
import { OneAtATime } from "../../client/one_at_a_time.ts";

const { signal } = new AbortController();

Deno.test("OneAtATime lets those with one key go on in the order in which they came", async () => {
  const hosts = new OneAtATime();
  const log: string[] = [];
  const visit = async (name: string) => {
    using _ = await hosts.enter("host:80", signal);
    log.push(`${name} begins`);
    await Promise.resolve();
    log.push(`${name} ends`);
  };
  await Promise.all(["a", "b", "c"].map(visit));
  assertEquals(log, ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  assertEquals(hosts.size, 0);
});

Deno.test("OneAtATime keeps nobody waiting for another key", async () => {
  const hosts = new OneAtATime();
  using _a = await hosts.enter("host:80", signal);
  using _b = await hosts.enter("host:81", signal);
  assertEquals(hosts.size, 2);
});

Deno.test("OneAtATime lets the next one go on when one has failed", async () => {
  const hosts = new OneAtATime();
  const fail = async () => {
    using _ = await hosts.enter("host:80", signal);
    throw new TypeError("no");
  };
  const failing = assertRejects(fail, TypeError);
  const next = hosts.enter("host:80", signal);
  await failing;
  (await next)[Symbol.dispose]();
  assertEquals(hosts.size, 0);
});

Deno.test("OneAtATime.enter() gives up at once when its signal is aborted, and holds nobody up", async () => {
  const hosts = new OneAtATime();
  const first = await hosts.enter("host:80", signal);
  const controller = new AbortController();
  const second = hosts.enter("host:80", controller.signal);
  const third = hosts.enter("host:80", signal);
  controller.abort(new RangeError("no more"));
  await assertRejects(() => second, RangeError, "no more");
  await assertRejects(() => hosts.enter("other:80", controller.signal), RangeError, "no more");
  assertEquals(hosts.size, 1);
  first[Symbol.dispose]();
  (await third)[Symbol.dispose]();
  assertEquals(hosts.size, 0);
});

Deno.test("OneAtATime keeps a turn that came before the signal was aborted for its owner to end", async () => {
  const hosts = new OneAtATime();
  const first = await hosts.enter("host:80", signal);
  const controller = new AbortController();
  const second = hosts.enter("host:80", controller.signal);
  const third = hosts.enter("host:80", signal);
  first[Symbol.dispose]();
  controller.abort();
  (await second)[Symbol.dispose]();
  (await third)[Symbol.dispose]();
  assertEquals(hosts.size, 0);
});

Deno.test("OneAtATime.enter() refuses when too many wait, until one of them has gone on", async () => {
  const hosts = new OneAtATime(2);
  const first = await hosts.enter("host:80", signal);
  const second = hosts.enter("host:80", signal);
  const third = hosts.enter("host:80", signal);
  await assertRejects(
    () => hosts.enter("host:80", signal),
    ConnectError,
    "Cannot connect to host:80: 2 connections wait for their turn already",
  );
  first[Symbol.dispose]();
  const fourth = hosts.enter("host:80", signal);
  for (const turn of [second, third, fourth]) (await turn)[Symbol.dispose]();
  assertEquals(hosts.size, 0);
});
