import { assertEquals, assertStringIncludes } from "@std/assert";
import { kick } from "../../../../server/cli/ops/kick.ts";
import { startAdminPort } from "../../../helpers/admin_port.ts";
import { fakeConnections, FakeOperations } from "../../../helpers/fake_operations.ts";
import { written } from "../../../helpers/written.ts";

/** Runs the command; a person answers where an answer is given. */
async function run(operations: FakeOperations, args: string[], answer?: string) {
  await using port = startAdminPort(operations);
  const questions: string[] = [];
  const ask = (question: string) => {
    questions.push(question);
    return Promise.resolve(answer!);
  };
  const result = await written((io) =>
    kick.run(["--admin", port.place, ...args], answer === undefined ? io : { ...io, ask })
  );
  return { ...result, questions, left: operations.connections.length };
}

const [FIRST] = fakeConnections(1);

Deno.test("kick closes one connection, without a question", async () => {
  const operations = new FakeOperations();
  const args = [FIRST!.key, "--code", "4001", "--reason", "too loud"];
  const { code, out, left } = await run(operations, args);
  assertEquals([code, left], [0, 9]);
  assertEquals(out, `Told to close: 1 connection.\n  ${FIRST!.key}\n`);
  assertEquals(operations.callsOf("close")[0]!.args[1], { code: 4001, reason: "too loud" });
});

Deno.test("kick exits 1 where there is no such connection", async () => {
  const { code, err, left } = await run(new FakeOperations(), ["192.0.2.1:1-192.0.2.2:2"]);
  assertEquals([code, left], [1, 10]);
  assertStringIncludes(err, "fourtuple kick: ");
});

Deno.test("kick --dry-run closes nothing", async () => {
  for (const which of [[FIRST!.key], ["--all"], ["--match", "path=/"]]) {
    const { code, out, left } = await run(new FakeOperations(), [...which, "--dry-run"]);
    assertEquals([code, left], [0, 10]);
    assertStringIncludes(out, "Would close ");
  }
});

Deno.test("kick --match asks with the number, and takes yes alone for a yes", async () => {
  for (
    const [answer, code, left] of [["y", 0, 5], ["yes ", 0, 5], ["Y", 0, 5], ["", 1, 10], [
      "n",
      1,
      10,
    ], ["yo", 1, 10]] as const
  ) {
    const result = await run(new FakeOperations(), ["--match", "subprotocol=chat.v1"], answer);
    assertEquals([result.code, result.left], [code, left], answer);
    assertEquals(result.questions, ["Close 5 connections? [y/N] "]);
  }
});

Deno.test("kick --match needs --yes where nobody can be asked, and more than one match", async () => {
  const match = ["--match", "subprotocol=chat.v1"];
  const refused = await run(new FakeOperations(), match);
  assertEquals([refused.code, refused.left], [2, 10]);
  assertStringIncludes(refused.err, "5 connections match: give --yes");
  assertEquals((await run(new FakeOperations(), [...match, "--yes"])).left, 5);
  assertEquals((await run(new FakeOperations(), ["--match", `key=${FIRST!.key}`])).left, 9);
});

Deno.test("kick closes several connections by one request, once they are confirmed", async () => {
  const names = fakeConnections(3).map(({ key }) => key);
  const operations = new FakeOperations();
  const { code, out, err, questions, left } = await run(operations, [...names, names[0]!], "y");
  assertEquals([code, err, left], [0, "", 7]);
  assertEquals(questions, ["Close 3 connections? [y/N] "]);
  assertEquals(out.split("\n")[0], "Told to close: 3 connections.");
  const calls = operations.callsOf("close").map(({ args }) => args);
  assertEquals(calls, [[{ keys: names }, { dryRun: true }], [{ keys: names }, {}]]);
  assertEquals((await run(new FakeOperations(), names, "n")).left, 10);
  assertEquals((await run(new FakeOperations(), names)).code, 2);
  assertEquals((await run(new FakeOperations(), [...names, "--yes"])).left, 7);
  assertEquals((await run(new FakeOperations(), [...names, "--dry-run"])).left, 10);
});

Deno.test("kick says how many of those that were named are not open", async () => {
  const gone = ["192.0.2.1:1-192.0.2.2:2", "192.0.2.1:3-192.0.2.2:2"];
  const some = await run(new FakeOperations(), [FIRST!.key, ...gone]);
  assertEquals([some.code, some.left], [0, 9]);
  assertEquals(some.err, "Not open: 2 of the 3 that were named\n");
  const none = await run(new FakeOperations(), gone);
  assertEquals([none.code, none.out], [1, "No open connection matches.\n"]);
});

Deno.test("kick --all closes all, and says some of them", async () => {
  const { code, out, left } = await run(new FakeOperations(fakeConnections(20)), [
    "--all",
    "--yes",
  ]);
  assertEquals([code, left], [0, 0]);
  assertStringIncludes(out, "Told to close: 20 connections.\n");
  assertStringIncludes(out, "  and 10 others\n");
});

Deno.test("kick --json prints the answer", async () => {
  const { out } = await run(new FakeOperations(), ["--all", "--yes", "--json"]);
  assertEquals(JSON.parse(out).closed, 10);
});

Deno.test("kick says which workers have not answered", async () => {
  const operations = new FakeOperations();
  operations.missing = [2, 3];
  const { code, err } = await run(operations, ["--all", "--yes"]);
  assertEquals([code, err], [
    0,
    "No answer from workers 2, 3: their connections are left out\n",
  ]);
  const gone = await run(operations, [FIRST!.key]);
  assertEquals([gone.code, gone.out], [1, "No open connection matches.\n"]);
  assertStringIncludes(gone.err, "No answer from workers 2, 3");
});

Deno.test("kick exits 1 where nothing matches", async () => {
  const { code, out } = await run(new FakeOperations(), ["--match", "path=/gone"]);
  assertEquals([code, out], [1, "No open connection matches.\n"]);
});

for (
  const args of [
    [],
    ["--all", FIRST!.key],
    ["--all", "--match", "path=/"],
    ["nonsense"],
    [FIRST!.key, "nonsense"],
    Array.from({ length: 1_001 }, (_, at) => `127.0.0.1:${at + 1}-127.0.0.1:8080`),
    ["--match", "nonsense"],
    ["--all", "--code", "1005"],
    ["--all", "--code", "1e3"],
    ["--all", "--reason", "x".repeat(124)],
  ]
) {
  Deno.test(`kick ${args.join(" ").slice(0, 40)} is wrong usage`, async () => {
    const { code, left } = await run(new FakeOperations(), [...args, "--yes"]);
    assertEquals([code, left], [2, 10]);
  });
}
