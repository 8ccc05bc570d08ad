import { parseAddressRange } from "../../net/address_range.ts";
import { parseFourTuple } from "../../net/four_tuple.ts";
import type { ConnectionFilter } from "../../operations/operations.ts";
import { firstLine, quote } from "../terminal/problems.ts";

/** What a condition can be about. */
export const CONDITIONS = ["key", "source", "path", "subprotocol", "state", "worker"] as const;

type Condition = typeof CONDITIONS[number];

/**
 * Reads conditions as they are typed: `source=192.0.2.0/24,path=/chat*`.
 *
 * @param texts One or more lists of conditions, each `name=value`, with commas between them.
 * @param problems Gets a line for all that is wrong.
 */
export function readMatch(texts: readonly string[], problems: string[]): ConnectionFilter {
  const given = new Map<Condition, string>();
  for (const condition of texts.flatMap((text) => text.split(","))) {
    const at = condition.indexOf("=");
    const name = CONDITIONS.find((name) => name === condition.slice(0, Math.max(0, at)));
    if (name === undefined) {
      problems.push(
        `--match: expected NAME=VALUE with a name of ${CONDITIONS.join(", ")}, received ${
          quote(condition)
        }`,
      );
    } else if (given.has(name)) problems.push(`--match: ${name} is given twice`);
    else given.set(name, condition.slice(at + 1));
  }
  const { worker, state, key, ...rest } = Object.fromEntries(given) as Partial<
    Record<Condition, string>
  >;
  if (worker !== undefined && !/^\d{1,9}$/.test(worker)) {
    problems.push(`--match: expected a number for worker, received ${quote(worker)}`);
  }
  if (state !== undefined && state !== "open" && state !== "closing") {
    problems.push(`--match: expected open or closing for state, received ${quote(state)}`);
  }
  if (key !== undefined) check("--match", key, parseFourTuple, problems);
  if (rest.source !== undefined) checkSource("--match", rest.source, problems);
  return {
    ...rest,
    ...key !== undefined && { key },
    ...(state === "open" || state === "closing") && { state },
    ...worker !== undefined && { worker: Number(worker) },
  };
}

/**
 * Checks an address or a network of clients.
 *
 * @param place The option that it was given with.
 * @param source What was given.
 * @param problems Gets a line where it is none.
 */
export function checkSource(place: string, source: string, problems: string[]): void {
  check(place, source, parseAddressRange, problems);
}

function check(
  place: string,
  text: string,
  parse: (text: string) => unknown,
  problems: string[],
): void {
  try {
    parse(text);
  } catch (error) {
    problems.push(`${place}: ${quote(text)}: ${firstLine(error)}`);
  }
}
