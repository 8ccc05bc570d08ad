import { assertEquals, assertRejects } from "@std/assert";
import { MAX_BODY_BYTES, readJson } from "../../../server/admin/body.ts";
import { Problem } from "../../../server/admin/problem.ts";

function request(body: BodyInit | null, type = "application/json", length?: number): Request {
  const headers = {
    "content-type": type,
    ...length !== undefined && { "content-length": `${length}` },
  };
  return new Request("http://a/", { method: "POST", headers, body });
}

async function statusOf(reading: Promise<unknown>): Promise<number> {
  return (await assertRejects(() => reading, Problem) as Problem).status;
}

Deno.test("readJson() reads a body that is JSON", async () => {
  for (const type of ["application/json", "Application/JSON; charset=utf-8"]) {
    assertEquals(await readJson(request('{"a":[1]}', type)), { a: [1] });
  }
  const most = `"${"x".repeat(MAX_BODY_BYTES - 2)}"`;
  assertEquals((await readJson(request(most)) as string).length, MAX_BODY_BYTES - 2);
});

Deno.test("readJson() refuses every other type with 415", async () => {
  const types = ["text/plain", "", "application/jsonp", "text/plain; a=application/json"];
  for (const type of [...types, "application/x-www-form-urlencoded", "multipart/form-data"]) {
    assertEquals(await statusOf(readJson(request("{}", type))), 415, type);
  }
});

Deno.test("readJson() refuses with 413 what is too large, declared or not", async () => {
  assertEquals(await statusOf(readJson(request("{}", undefined, MAX_BODY_BYTES + 1))), 413);
  let isCancelled = false;
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(10_000)),
    cancel: () => void (isCancelled = true),
  });
  assertEquals(await statusOf(readJson(request(endless))), 413);
  assertEquals(isCancelled, true);
});

Deno.test("readJson() refuses with 400 what is no JSON in UTF-8", async () => {
  for (
    const body of ["", "{", "undefined", "{'a':1}", "[".repeat(60_000), new Uint8Array([0xff])]
  ) {
    assertEquals(await statusOf(readJson(request(body))), 400);
  }
  assertEquals(await statusOf(readJson(request(null))), 400);
});

Deno.test("readJson() gives up with 408 when the body does not come", async () => {
  const silent = new ReadableStream({ pull: () => new Promise(() => {}) });
  assertEquals(await statusOf(readJson(request(silent), 1)), 408);
});

Deno.test("readJson() says 400 when the body breaks off", async () => {
  const broken = new ReadableStream({ pull: (controller) => controller.error(new Error("gone")) });
  assertEquals(await statusOf(readJson(request(broken))), 400);
});
