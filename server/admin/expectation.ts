import type { z } from "@hono/zod-openapi";

/** What types are called. */
const TYPES: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  int: "an integer",
  number: "a number",
  object: "an object",
  string: "a text",
};

/** What zod says of a value that a schema does not take. */
export type Issue = Parameters<z.core.$ZodErrorMap>[0];

/**
 * Says what was expected, where a schema has no words of its own.
 *
 * @param issue What is wrong.
 * @returns A short sentence without its full stop; `undefined` where zod's own will do.
 */
export function expectation(issue: Issue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return `Expected ${TYPES[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `Expected ${issue.values.length === 1 ? "" : "one of "}${issue.values.join(", ")}`;
    case "too_small":
      return `Expected at least ${issue.minimum}${unitOf(issue.origin)}`;
    case "too_big":
      return `Expected at most ${issue.maximum}${unitOf(issue.origin)}`;
  }
}

function unitOf(origin: string): string {
  if (origin === "array") return " entries";
  return origin === "string" ? " characters" : "";
}
