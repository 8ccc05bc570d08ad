import { assertEquals, assertNotStrictEquals } from "@std/assert";
import { HeadFields } from "../../protocol/head_fields.ts";

const fields = new HeadFields([["Via", "a"], ["HOST", "b"], ["via", "c"], ["VIA", ""]]);

Deno.test("HeadFields keeps the order of arrival, with names in lower case (RFC 9110 5.1)", () => {
  assertEquals([...fields], [["via", "a"], ["host", "b"], ["via", "c"], ["via", ""]]);
  assertEquals(fields.size, 4);
});

Deno.test("HeadFields.get() joins what came in several lines (RFC 9110 5.3)", () => {
  assertEquals(fields.get("via"), "a, c, ");
  assertEquals(fields.get("host"), "b");
  assertEquals(fields.get("accept"), undefined);
});

Deno.test("HeadFields.get() joins cookies by semicolons (RFC 9113 8.2.3)", () => {
  const cookies = new HeadFields([["Cookie", "a=1"], ["Cookie", "b=2; c=3"], ["cookie", "a=1"]]);
  assertEquals(cookies.get("cookie"), "a=1; b=2; c=3; a=1");
});

Deno.test("HeadFields.get() counts the same line of what is no list once, and joins others", () => {
  const lines = [["Origin", "a"], ["Origin", "a"], ["Authorization", "x"], ["authorization", "y"]];
  const heads = new HeadFields(lines as [string, string][]);
  assertEquals([heads.get("origin"), heads.get("authorization")], ["a", "x, y"]);
  const keys = new HeadFields([["Sec-WebSocket-Key", "a"], ["Sec-WebSocket-Key", "a"]]);
  assertEquals(keys.get("sec-websocket-key"), "a, a");
});

Deno.test("HeadFields.joined() yields each name once, with its value as get() has it", () => {
  const joined = new HeadFields([["Via", "a"], ["Cookie", "b"], ["via", "c"], ["Cookie", "d"]]);
  assertEquals([...joined.joined()], [["via", "a, c"], ["cookie", "b; d"]]);
});

Deno.test("HeadFields.get() tells an empty value from none", () => {
  assertEquals(new HeadFields([["Host", ""]]).get("host"), "");
});

Deno.test("HeadFields.getAll() gives the lines one by one, in an array of its own", () => {
  assertEquals(fields.getAll("via"), ["a", "c", ""]);
  assertEquals(fields.getAll("accept"), []);
  assertNotStrictEquals(fields.getAll("via"), fields.getAll("via"));
});

Deno.test("HeadFields.has() looks only at what was added", () => {
  assertEquals(fields.has("host"), true);
  for (const name of ["accept", "constructor", "__proto__", "size"]) {
    assertEquals([fields.has(name), fields.get(name)], [false, undefined], name);
  }
});

Deno.test("HeadFields.append() takes names that are properties of objects", () => {
  const own = new HeadFields();
  own.append("__proto__", "a");
  own.append("Constructor", "b");
  assertEquals([own.get("__proto__"), own.get("constructor")], ["a", "b"]);
});

Deno.test("HeadFields.fold() goes on with the last value (RFC 9112 5.2)", () => {
  const own = new HeadFields();
  own.fold("nothing before");
  own.append("a", "");
  own.fold("b");
  own.fold("");
  own.fold("c");
  assertEquals([...own], [["a", "b c"]]);
});
