import { assertEquals } from "@std/assert";
import { alignTable, fitLine } from "../../../../server/cli/terminal/table.ts";

Deno.test("alignTable() pads columns, numbers to the right, and ends lines without blanks", () => {
  assertEquals(alignTable([["name", "in"], ["a", "1"], ["long name", "23", "x"], []], [1]), [
    "name       in",
    "a           1",
    "long name  23  x",
    "",
  ]);
});

Deno.test("alignTable() keeps the least widths", () => {
  assertEquals(alignTable([["a", "1"]], [1], [3, 4]), ["a       1"]);
});

Deno.test("fitLine() cuts a line and marks it", () => {
  assertEquals(
    [fitLine("12345", 5), fitLine("12345", 4), fitLine("12345", 0), fitLine("12345", undefined)],
    ["12345", "123~", "", "12345"],
  );
});
