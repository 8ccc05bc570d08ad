import { assertEquals, assertStringIncludes } from "@std/assert";
import { checkSource, readMatch } from "../../../../server/cli/ops/connection_match.ts";

Deno.test("readMatch() reads conditions, in one text or several", () => {
  const problems: string[] = [];
  const key = "127.0.0.1:1-127.0.0.1:2";
  assertEquals(
    readMatch(
      ["source=192.0.2.0/24,path=/a=b*", `state=closing,worker=0,subprotocol=,key=${key}`],
      problems,
    ),
    { source: "192.0.2.0/24", path: "/a=b*", state: "closing", worker: 0, subprotocol: "", key },
  );
  assertEquals([readMatch([], problems), problems], [{}, []]);
});

for (
  const [text, problem] of [
    ["", 'received ""'],
    ["source", 'received "source"'],
    ["=x", 'received "=x"'],
    ["constructor=1", "with a name of key, source"],
    ["path=/a,path=/b", "path is given twice"],
    ["worker=two", "a number for worker"],
    ["state=gone", "open or closing for state"],
    ["key=1", '"1": Cannot parse 4-tuple'],
    ["source=everywhere", '--match: "everywhere"'],
  ] as const
) {
  Deno.test(`readMatch() refuses "${text}"`, () => {
    const problems: string[] = [];
    readMatch([text], problems);
    assertEquals(problems.length, 1);
    assertStringIncludes(problems[0]!, problem);
  });
}

Deno.test("checkSource() takes addresses and networks, and nothing else", () => {
  const problems: string[] = [];
  for (const source of ["192.0.2.7", "2001:db8::/32"]) checkSource("--source", source, problems);
  assertEquals(problems, []);
  for (const source of ["192.0.2.7/99", "a", ""]) checkSource("--source", source, problems);
  assertEquals(problems.length, 3);
});
