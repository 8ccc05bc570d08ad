import { assertEquals } from "@std/assert";
import { callHandler } from "../../../server/connection/call_handler.ts";

Deno.test("callHandler() resolves when the handler's promise is settled, and hands on what went wrong", async () => {
  const faults: unknown[] = [];
  const failed = (error: unknown) => void faults.push(error);
  const fault = new Error("Fault of the application");
  await callHandler(() => Promise.resolve("done"), failed);
  assertEquals(faults, []);
  await callHandler(() => Promise.reject(fault), failed);
  assertEquals(faults, [fault]);
  const thrown = callHandler(() => {
    throw fault;
  }, failed);
  assertEquals([thrown, faults.length], [undefined, 2]);
});

Deno.test("callHandler() makes nothing of values that are no promise", () => {
  for (const value of [undefined, null, 0, "sent", { then: "no function" }]) {
    assertEquals(callHandler(() => value, () => {}), undefined);
  }
});
