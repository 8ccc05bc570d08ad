/**
 * What the ops port can be asked, as schemas. They are strict: a condition that is spelled wrong is a
 * fault, and not one condition less.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { isOnWire, MAX_REASON_BYTES } from "../../protocol/mod.ts";
import { CONNECTION_SORTS } from "../connection/connection_record.ts";
import {
  DEFAULT_LIMITS,
  LIMIT_NAMES,
  type LimitChanges,
  limitProblem,
  type Limits,
} from "../limits.ts";
import { parseAddressRange } from "../net/address_range.ts";
import { formatFourTuple, parseFourTuple } from "../net/four_tuple.ts";
import type {
  ConnectionCursor,
  ConnectionFilter,
  ConnectionQuery,
  DescriptorQuery,
} from "../operations/operations.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";

/** The most records of a page, and so the most connections that are named at once. */
const MAX_PAGE = 1_000;

/** The longest text of a condition. */
const MAX_TEXT = 8_192;

/** Timers of JavaScript hold 31 bits. */
const MAX_MILLISECONDS = 2_147_483_647;

/** Workers are counted from 1; 0 stands for a server without any. */
const MAX_WORKER = 65_535;

/**
 * A field that may be absent. The type says that it is never `undefined`, which neither JSON nor a
 * query holds; `exactOptional()` would say so too, but is required in the description of the API.
 */
function optional<Output, Input>(
  schema: z.ZodType<Output, Input>,
): z.ZodExactOptional<z.ZodType<Output, Input>> {
  return schema.optional() as unknown as z.ZodExactOptional<z.ZodType<Output, Input>>;
}

/** What the description of the API says of a text: it sees nothing of how it is read. */
interface Described {
  readonly type: "string" | "integer";
  readonly description?: string;
  readonly example?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** A text that is read by a function; what that throws is the fault. */
function parsed<Value>(
  parse: (text: string) => Value,
  described: Described,
) {
  return z.string().max(MAX_TEXT).transform((text, context): Value => {
    try {
      return parse(text);
    } catch (error) {
      context.addIssue(error instanceof Error ? error.message : String(error));
      return z.NEVER;
    }
  }).openapi({ ...described });
}

/** A whole number in a query. */
function wholeText(minimum: number, maximum: number) {
  return parsed((text) => {
    const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : NaN;
    if (value >= minimum && value <= maximum) return value;
    throw new RangeError(`Expected an integer from ${minimum} to ${maximum}`);
  }, { type: "integer", minimum, maximum });
}

/** A yes or no in a query. */
function flagText() {
  return z.enum(["true", "false"]).transform((text) => text === "true")
    .openapi({ type: "boolean" });
}

function fourTuple() {
  return parsed((text) => formatFourTuple(parseFourTuple(text)), {
    type: "string",
    description: "A TCP 4-tuple, source first",
    example: "127.0.0.1:51324-127.0.0.1:8080",
  });
}

function source() {
  return parsed((text) => parseAddressRange(text).text, {
    type: "string",
    description: "An address or a network of clients",
    example: "192.0.2.0/24",
  });
}

const text = z.string().max(MAX_TEXT);

const SORT = "The most first. By all but age, connections change places while pages are read: " +
  "a walk over all pages may miss some, or show some twice";

const conditions = {
  key: optional(fourTuple()),
  source: optional(source()),
  path: optional(text.openapi({ description: "A path; one that ends in * is a beginning" })),
  subprotocol: optional(text.openapi({ description: "Empty for connections without one" })),
  state: optional(z.enum(["open", "closing"])),
};

/** One connection, in a path. */
export const keyParams = z.strictObject({ key: fourTuple() });

/** Which page of which connections. */
export const connectionsQuery = z.strictObject({
  ...conditions,
  worker: optional(wholeText(0, MAX_WORKER)),
  sort: optional(z.enum(CONNECTION_SORTS).openapi({ description: SORT })),
  reverse: optional(flagText()),
  limit: optional(wholeText(1, MAX_PAGE)),
  cursor: optional(parsed(readConnectionCursor, {
    type: "string",
    description: "What the page before gave as next: begins behind that place in the order",
  })),
}).refine(
  ({ cursor, ...order }) => cursor === undefined || sameOrder(cursor.order, orderOf(order)),
  { path: ["cursor"], message: "Expected a cursor of the same sort and reverse" },
);

/** Which part of the descriptors. */
export const descriptorsQuery = z.strictObject({
  worker: optional(wholeText(0, MAX_WORKER)),
  after: optional(parsed(readDescriptorCursor, {
    type: "string",
    description: "What the page before gave as next: this one comes of the same reading of the " +
      "kernel's tables, unless that is older than ten seconds",
  })),
  limit: optional(wholeText(1, MAX_PAGE)),
  flagged: optional(flagText()),
});

/** What is wanted of a tap. */
export const tapQuery = z.strictObject({
  payload: optional(flagText()),
  bytes: optional(wholeText(1, 4_096)),
});

const closeFields = {
  code: optional(
    z.int().refine(isOnWire, { message: "Expected 1000-1003, 1007-1014 or 3000-4999" }),
  ),
  reason: optional(
    z.string().refine(
      (reason) => new TextEncoder().encode(reason).length <= MAX_REASON_BYTES,
      { message: `Expected at most ${MAX_REASON_BYTES} bytes in UTF-8` },
    ),
  ),
};

/** How one connection is to be closed. */
export const closeOneBody = z.strictObject(closeFields).openapi("CloseOne");

/** Which connections are to be closed, and how. */
export const closeBody = z.strictObject({
  match: optional(
    z.strictObject({
      ...conditions,
      keys: optional(
        z.array(fourTuple()).min(1).max(MAX_PAGE).openapi({ description: "Any of these" }),
      ),
      worker: optional(z.int().min(0).max(MAX_WORKER)),
    }).refine((match) => Object.keys(match).length > 0, { message: "Expected a condition" }),
  ),
  all: optional(z.literal(true)),
  ...closeFields,
  dryRun: optional(z.boolean()),
}).refine(({ match, all }) => (match === undefined) !== (all === undefined), {
  // An empty body must close nobody.
  message: 'Expected "match" with a condition, or "all": true instead',
}).openapi("CloseMany");

/** A ping has nothing to say yet. */
export const pingBody = z.strictObject({}).openapi("Ping");

/** How a drain is to go. */
export const drainBody = z.strictObject({
  deadline: optional(z.int().min(0).max(MAX_MILLISECONDS)),
}).openapi("Drain");

/** Limits to change; `null` brings back what held at the start. */
export const limitsBody: z.ZodType<LimitChanges> = z.strictObject(
  Object.fromEntries([...LIMIT_NAMES].map((name) => [name, limitChange(name as keyof Limits)])),
).refine((changes) => Object.keys(changes).length > 0, { message: "Expected a limit" })
  .openapi("LimitChanges") as unknown as z.ZodType<LimitChanges>;

function limitChange(name: keyof Limits): z.ZodType {
  const expected = (value: unknown): string | undefined => {
    const fault = limitProblem(name, value);
    return fault && fault[0]!.toUpperCase() + fault.slice(1);
  };
  const error = expected(undefined)!;
  const type = typeof DEFAULT_LIMITS[name] === "string" ? z.string({ error }) : z.number({ error });
  return type.superRefine((value: unknown, context) => {
    const fault = expected(value);
    if (fault !== undefined) context.addIssue(fault);
  }).nullable().optional();
}

/** The order of a list as numbers: what it is sorted by, and whether it is reversed. */
type Order = readonly [sort: number, reverse: number];

function orderOf({ sort = "age", reverse = false }: Pick<ConnectionQuery, "sort" | "reverse">) {
  return [CONNECTION_SORTS.indexOf(sort), Number(reverse)] satisfies Order;
}

function sameOrder(a: Order, b: Order): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

/**
 * Writes the place where a page of connections ended, and the order in which it is one.
 *
 * @param place The place.
 * @param query What was asked for.
 */
export function writeConnectionCursor(
  { value, worker, id }: ConnectionCursor,
  query: Pick<ConnectionQuery, "sort" | "reverse">,
): string {
  return encodeCursor([...orderOf(query), value, worker, id]);
}

function readConnectionCursor(text: string): { place: ConnectionCursor; order: Order } {
  const [sort, reverse, value, worker, id] = readCursor(text, 5) as [...Order, ...number[]];
  return { place: { value: value!, worker: worker!, id: id! }, order: [sort, reverse] };
}

/** The place where a page of descriptors ended. */
export type DescriptorCursor = NonNullable<DescriptorQuery["after"]>;

/** Writes the place where a page of descriptors ended. */
export function writeDescriptorCursor({ worker, descriptor }: DescriptorCursor): string {
  return encodeCursor([worker, descriptor]);
}

function readDescriptorCursor(text: string): DescriptorCursor {
  const [worker, descriptor] = readCursor(text, 2) as [number, number];
  return { worker, descriptor };
}

function readCursor(text: string, length: number): number[] {
  const numbers = decodeCursor(text, length);
  if (numbers === undefined) throw new SyntaxError("Expected what the page before gave as next");
  return numbers;
}

// Checked here, so that a condition the server knows cannot be missing above.
conditions satisfies Record<Exclude<keyof ConnectionFilter, "keys" | "worker">, z.ZodType>;
