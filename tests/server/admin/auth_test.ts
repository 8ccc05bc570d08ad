import { assertEquals, assertThrows } from "@std/assert";
import { TokenCheck } from "../../../server/admin/auth.ts";

Deno.test("TokenCheck.use() tells the right token from others", () => {
  const check = new TokenCheck("sixteen-or-more!");
  const use = (authorization: string) => check.use(new Headers({ authorization }));
  assertEquals(check.isNeeded, true);
  assertEquals(check.use(new Headers()), "none");
  assertEquals(use("Bearer sixteen-or-more!"), "valid");
  assertEquals(use("bearer   sixteen-or-more!"), "valid");
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
  for (const authorization of wrong) assertEquals(use(authorization), "wrong", authorization);
});

Deno.test("TokenCheck.use() takes the token as a subprotocol too", () => {
  const check = new TokenCheck("sixteen-or-more!");
  const use = (protocols: string, authorization?: string) =>
    check.use(
      new Headers({
        "sec-websocket-protocol": protocols,
        ...authorization !== undefined && { authorization },
      }),
    );
  const right = "token.c2l4dGVlbi1vci1tb3JlIQ";
  assertEquals(use(`fourtuple.live,${right}`), "valid");
  assertEquals(use("fourtuple.live"), "none");
  assertEquals(use("fourtuple.live, token."), "wrong");
  assertEquals(use("token.sixteen-or-more!"), "wrong");
  assertEquals(use("token.c2l4dGVlbi1vci1tb3Jl"), "wrong");
  assertEquals(use(right, "Bearer x"), "wrong");
  assertEquals(use("token.eA", "Bearer sixteen-or-more!"), "valid");
});

Deno.test("TokenCheck.use() needs no token when there is none", () => {
  const check = new TokenCheck(undefined);
  const use = check.use(new Headers({ authorization: "Bearer x" }));
  assertEquals([check.isNeeded, use, check.matches("x")], [false, "none", true]);
});

Deno.test("TokenCheck refuses a token that could not be sent", () => {
  for (const token of ["", "a b", "tökén", "a\n"]) {
    assertThrows(() => new TokenCheck(token), TypeError, "printable ASCII");
  }
});
