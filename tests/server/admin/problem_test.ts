import { assertEquals } from "@std/assert";
import {
  jsonResponse,
  Problem,
  PROBLEM_STATUSES,
  problemOf,
} from "../../../server/admin/problem.ts";

Deno.test("Problem.response() writes problem details", async () => {
  const headers = { allow: "GET" };
  const errors = [{ where: "query.limit", message: "Expected an integer" }];
  const response = new Problem(405, "Expected GET", { headers, errors }).response();
  assertEquals(response.status, 405);
  assertEquals(response.headers.get("content-type"), "application/problem+json");
  assertEquals(response.headers.get("allow"), "GET");
  assertEquals(await response.json(), {
    type: "about:blank",
    title: "Method Not Allowed",
    status: 405,
    detail: "Expected GET",
    errors,
  });
});

Deno.test("Problem.response() leaves errors out when there are none", async () => {
  const details = await new Problem(404, "Gone").response().json();
  assertEquals(Object.keys(details), ["type", "title", "status", "detail"]);
});

Deno.test("jsonResponse() answers with JSON that no terminal acts on, and that reads as the same", async () => {
  const value = { "\x9b\u202e": ["\x1b]0;x\x07", "\u2066\u2028\x7f\ud800"] };
  const response = jsonResponse(value);
  assertEquals(response.headers.get("content-type"), "application/json");
  const text = await response.text();
  assertEquals(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text.trimEnd()), false, text);
  assertEquals(JSON.parse(text), value);
});

Deno.test("Problem has a title for each status", () => {
  for (const status of PROBLEM_STATUSES) {
    assertEquals(typeof new Problem(status, "").title, "string", String(status));
  }
});

Deno.test("problemOf() tells nothing of a fault of ours", () => {
  const problem = problemOf(new Error("/etc/shadow"));
  assertEquals([problem.status, problem.message], [500, "The server met a fault of its own"]);
});

Deno.test("problemOf() leaves a problem as it is", () => {
  const problem = new Problem(403, "No");
  assertEquals(problemOf(problem) === problem, true);
});
