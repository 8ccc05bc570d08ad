import { assertEquals, assertStringIncludes } from "@std/assert";
import { checkSource, readMatch } from "../../../../server/cli/ops/connection_match.ts";

Deno.test("readMatch() reads conditions, in one text or several", () => {
  const faults: string[] = [];
  const key = "127.0.0.1:1-127.0.0.1:2";
  assertEquals(
    readMatch(
      ["source=192.0.2.0/24,path=/a=b*", `state=closing,worker=0,subprotocol=,key=${key}`],
      faults,
    ),
    { source: "192.0.2.0/24", path: "/a=b*", state: "closing", worker: 0, subprotocol: "", key },
  );
  assertEquals([readMatch([], faults), faults], [{}, []]);
});

for (
  const [text, fault] of [
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
    const faults: string[] = [];
    readMatch([text], faults);
    assertEquals(faults.length, 1);
    assertStringIncludes(faults[0]!, fault);
  });
}

Deno.test("checkSource() takes addresses and networks, and nothing else", () => {
  const faults: string[] = [];
  for (const source of ["192.0.2.7", "2001:db8::/32"]) checkSource("--source", source, faults);
  assertEquals(faults, []);
  for (const source of ["192.0.2.7/99", "a", ""]) checkSource("--source", source, faults);
  assertEquals(faults.length, 3);
});
