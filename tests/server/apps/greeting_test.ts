import { assertEquals } from "@std/assert";
import type { Server } from "../../../mod.ts";
import { broadcast } from "../../../server/apps/broadcast.ts";
import { echo } from "../../../server/apps/echo.ts";
import { greeting } from "../../../server/apps/greeting.ts";
import { relay } from "../../../server/apps/relay.ts";

Deno.test("greeting() answers 200 on / and 426 elsewhere", async () => {
  const answers = ["/", "/?a", "/chat"].map((path) => greeting(new Request(`http://a${path}`)));
  assertEquals(answers.map(({ status }) => status), [200, 200, 426]);
  assertEquals(answers[2]!.headers.get("upgrade"), "websocket");
  for (const answer of answers) assertEquals((await answer.text()).startsWith("This is"), true);
});

const APPS: [string, () => Server][] = [
  ["echo", () => echo({ port: 0 }) as Server],
  ["broadcast", () => broadcast({ port: 0 }) as Server],
  ["relay", () => relay({ port: 0 }) as Server],
];

for (const [name, start] of APPS) {
  Deno.test(`${name}() is up to a health check by GET /`, async () => {
    await using server = start();
    const answers = await Promise.all(["", "chat"].map((path) => fetch(`${server.url}${path}`)));
    assertEquals(answers.map(({ status }) => status), [200, 426]);
    for (const answer of answers) await answer.text();
  });
}
