import { assertEquals, assertThrows } from "@std/assert";
import { TokenCheck } from "../../../server/admin/auth.ts";

Deno.test("TokenCheck.use() tells the right token from others", () => {
  const check = new TokenCheck("sixteen-or-more!");
  assertEquals(check.isNeeded, true);
  assertEquals(check.use(null), "none");
  assertEquals(check.use("Bearer sixteen-or-more!"), "valid");
  assertEquals(check.use("bearer   sixteen-or-more!"), "valid");
  const wrong = [
    "",
    "Bearer",
    "Bearer ",
    "Bearer sixteen-or-more",
    "Bearer sixteen-or-more!!",
    "Bearer Sixteen-or-more!",
    "Bearer sixteen-or-more! x",
    "Basic sixteen-or-more!",
    "sixteen-or-more!",
    `Bearer ${"x".repeat(10_000)}`,
  ];
  for (const authorization of wrong) assertEquals(check.use(authorization), "wrong", authorization);
});

Deno.test("TokenCheck.use() needs no token when there is none", () => {
  const check = new TokenCheck(undefined);
  assertEquals([check.isNeeded, check.use("Bearer x"), check.matches("x")], [false, "none", true]);
});

Deno.test("TokenCheck refuses a token that could not be sent", () => {
  for (const token of ["", "a b", "tökén", "a\n"]) {
    assertThrows(() => new TokenCheck(token), TypeError, "printable ASCII");
  }
});
