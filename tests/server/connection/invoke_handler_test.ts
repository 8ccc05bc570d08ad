import { assertEquals } from "@std/assert";
import { invokeHandler } from "../../../server/connection/invoke_handler.ts";

Deno.test("invokeHandler() resolves when the handler's promise is settled, and hands on what went wrong", async () => {
  const faults: unknown[] = [];
  const failed = (error: unknown) => void faults.push(error);
  const fault = new Error("Fault of the application");
  await invokeHandler(() => Promise.resolve("done"), failed);
  assertEquals(faults, []);
  await invokeHandler(() => Promise.reject(fault), failed);
  assertEquals(faults, [fault]);
  const thrown = invokeHandler(() => {
    throw fault;
  }, failed);
  assertEquals([thrown, faults.length], [undefined, 2]);
});

Deno.test("invokeHandler() makes nothing of values that are no promise", () => {
  for (const value of [undefined, null, 0, "sent", { then: "no function" }]) {
    assertEquals(invokeHandler(() => value, () => {}), undefined);
  }
});
