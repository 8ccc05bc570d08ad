import { assertEquals } from "@std/assert";
import { readOnly } from "../../../server/apps/read_only.ts";

Deno.test("readOnly() asks for GET and HEAD alone", async () => {
  const answer = readOnly(({ method }) => new Response(method, { status: 201 }));
  const answers = ["GET", "HEAD", "OPTIONS", "POST", "DELETE"].map((method) =>
    answer(new Request("http://a/", { method }))
  );
  assertEquals(answers.map(({ status }) => status), [201, 201, 204, 405, 405]);
  assertEquals(answers.slice(2).map(({ headers }) => headers.get("allow")), [
    "GET, HEAD, OPTIONS",
    "GET, HEAD, OPTIONS",
    "GET, HEAD, OPTIONS",
  ]);
  for (const { body } of answers) await body?.cancel();
});
