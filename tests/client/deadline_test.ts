import { assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { ConnectError } from "../../client/connect_error.ts";
import { Deadline } from "../../client/deadline.ts";

Deno.test("Deadline aborts its signal when the time is over, and says what took it", async () => {
  using deadline = new Deadline(10, undefined);
  const { signal } = deadline;
  deadline.doing = "Counting sheep";
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  assertInstanceOf(signal.reason, ConnectError);
  assertEquals(signal.reason.message, "Counting sheep took more than 10 ms");
});

Deno.test("Deadline aborts its signal with the other one, whenever that is aborted", () => {
  const controller = new AbortController();
  using early = new Deadline(10_000, controller.signal);
  const reason = new RangeError("no more");
  controller.abort(reason);
  using late = new Deadline(10_000, controller.signal);
  assertStrictEquals(early.signal.reason, reason);
  assertStrictEquals(late.signal.reason, reason);
});

Deno.test("Deadline aborts nothing when it is over", () => {
  const controller = new AbortController();
  const deadline = new Deadline(10_000, controller.signal); // its timer would be a leak
  deadline[Symbol.dispose]();
  controller.abort();
  assertEquals(deadline.signal.aborted, false);
});
