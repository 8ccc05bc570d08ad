import { assertEquals } from "@std/assert";
import { z } from "@hono/zod-openapi";
import { expectation } from "../../../server/admin/expectation.ts";

const CASES: readonly [z.ZodType, unknown, string][] = [
  [z.number(), Infinity, "Expected a number"],
  [z.number(), "5", "Expected a number"],
  [z.int(), 1.5, "Expected an integer"],
  [z.int().min(0), -1, "Expected at least 0"],
  [z.int().max(7), 8, "Expected at most 7"],
  [z.string(), 5, "Expected a text"],
  [z.string().max(3), "abcd", "Expected at most 3 characters"],
  [z.boolean(), "true", "Expected true or false"],
  [z.object({}), [], "Expected an object"],
  [z.array(z.string()), {}, "Expected a list"],
  [z.array(z.string()).min(1), [], "Expected at least 1 entries"],
  [z.array(z.string()).max(1), ["a", "b"], "Expected at most 1 entries"],
  [z.enum(["a", "b"]), "c", "Expected one of a, b"],
  [z.literal(true), false, "Expected true"],
  [z.int().refine(() => false, { message: "Own words" }), 1, "Own words"],
];

for (const [schema, value, expected] of CASES) {
  Deno.test(`expectation() says "${expected}" of ${String(JSON.stringify(value))}`, () => {
    const { error } = schema.safeParse(value, { error: expectation });
    assertEquals(error?.issues[0]?.message, expected);
  });
}
