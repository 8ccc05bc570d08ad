/**
 * What the value of a setting may be; the messages say what was expected.
 *
 * @module
 */

import { z } from "zod";
import { isHost } from "../../../protocol/mod.ts";
import { originProblem } from "../../http/origin.ts";
import { parseAddressRange } from "../../net/address_range.ts";

/** Takes whatever a function finds nothing wrong with. */
export function anything(faultOf: (value: unknown) => string | undefined): z.ZodType {
  return z.unknown().superRefine((value, context) => {
    const message = faultOf(value);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });
}

/** A text that is not empty. */
export const text: z.ZodType = z.string("expected a text").min(
  1,
  "expected a text that is not empty",
);

/** One of several texts. */
export function choice(...values: readonly string[]): z.ZodType {
  return z.enum(values, `expected one of ${values.join(", ")}`);
}

/** An integer within bounds, both of which are included. */
export function integer(least: number, most: number): z.ZodType {
  const message = `expected an integer from ${least} to ${most}`;
  const fits = (value: number): boolean =>
    Number.isInteger(value) && value >= least && value <= most;
  return z.number(message).refine(fits, message);
}

/** A text in which a function finds the problems. */
export function checked(faultOf: (text: string) => string | undefined): z.ZodType {
  return z.string("expected a text").superRefine((value, context) => {
    const message = faultOf(value);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });
}

/** A list of origins, or of `"*"`. */
export const origins: z.ZodType = z.array(
  checked((origin) => origin === "*" ? undefined : originProblem(origin)),
  "expected a list of texts",
);

/** A list of addresses and networks. */
export const addressRanges: z.ZodType = z.array(checked(rangeProblem), "expected a list of texts");

/** A list of hosts, with ports or without. */
export const hosts: z.ZodType = z.array(checked(hostProblem), "expected a list of texts");

/** True or false. */
export const toggle: z.ZodType = z.boolean("expected true or false");

/** More processes than any host has a use for. */
const MAX_WORKERS = 1_024;

/**
 * Finds what is wrong with a number of workers.
 *
 * @param value The number, or `auto`.
 * @param os The system.
 * @returns What was expected, or `undefined` when the value is good.
 */
export function workersProblem(value: unknown, os: typeof Deno.build.os): string | undefined {
  const fits = Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_WORKERS;
  if (value !== "auto" && !fits) return `expected an integer from 1 to ${MAX_WORKERS}, or "auto"`;
  if (os === "linux" || value === 1) return undefined;
  return "expected 1, as only Linux shares a port out among processes";
}

function rangeProblem(value: string): string | undefined {
  try {
    parseAddressRange(value);
  } catch {
    return "expected an address such as 10.0.0.1, or a network such as 10.0.0.0/8";
  }
}

function hostProblem(value: string): string | undefined {
  return value !== "" && isHost(value)
    ? undefined
    : "expected a name such as ops.example, or one with a port";
}
