import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  COMMANDS_HELP,
  type Order,
  parseOrder,
} from "../../../../server/cli/connect/connect_commands.ts";

for (
  const [line, order] of [
    ["", { kind: "nothing" }],
    ["hello /close", { kind: "send", data: "hello /close" }],
    [" /close", { kind: "send", data: " /close" }],
    ["//close", { kind: "send", data: "/close" }],
    ["/close", { kind: "close" }],
    ["/close 4000", { kind: "close", code: 4000, reason: "" }],
    ["/close  4000  enough of it ", { kind: "close", code: 4000, reason: "enough of it" }],
    ["/ping", { kind: "ping", text: "" }],
    ["/ping are you there", { kind: "ping", text: "are you there" }],
    ["/binary 00 ff", { kind: "send", data: Uint8Array.of(0, 255) }],
    ["/binary AP8=", { kind: "send", data: Uint8Array.of(0, 255) }],
    ["/binary", { kind: "send", data: new Uint8Array(0) }],
    ["/file a file", { kind: "file", path: "a file" }],
    ["/info", { kind: "info" }],
    ["/help ", { kind: "help" }],
  ] as [string, Order][]
) {
  Deno.test(`parseOrder() reads ${JSON.stringify(line)}`, () => {
    assertEquals(parseOrder(line), order);
  });
}

for (
  const [line, problem] of [
    ["/", 'no such command: "/"'],
    ["/nope", 'no such command: "/nope"'],
    ["/constructor", "no such command"],
    ["/close soon", 'expected a close code, received "soon"'],
    ["/binary ü", "expected bytes, written as hex or base64"],
    ["/binary 0", "expected bytes as hex or base64"],
    ["/file", "expected the path of a file"],
    ["/info all", '/info takes nothing, received "all"'],
  ] as const
) {
  Deno.test(`parseOrder() says what is wrong with ${JSON.stringify(line)}`, () => {
    const order = parseOrder(line);
    assertEquals(order.kind, "problem");
    assertStringIncludes(order.kind === "problem" ? order.problem : "", problem);
  });
}

Deno.test("COMMANDS_HELP names commands that there are", () => {
  const names = COMMANDS_HELP.flatMap((line) => /^\/[a-z]+/.exec(line) ?? []);
  assertEquals(names, ["/close", "/ping", "/binary", "/file", "/info", "/help"]);
  for (const name of names) {
    const order = parseOrder(name);
    assertEquals(order.kind === "problem" && order.problem.startsWith("no such"), false, name);
  }
});
