import { deflateFault } from "./deflate_fault.ts";

/** How messages are compressed (permessage-deflate, RFC 7692), where the other side can do so too. */
export interface DeflateOptions {
  /**
   * Messages with fewer bytes than this are sent as they are.
   *
   * @default 1_024
   */
  threshold?: number;
  /**
   * How hard to try: 1 for the least to 9 for the most.
   *
   * @default 6
   */
  level?: number;
  /**
   * The memory that deflating takes besides its window and a table of 128 KiB, 1 to 9: 2^(level + 8)
   * bytes.
   *
   * @default 8
   */
  memoryLevel?: number;
  /**
   * The largest window, as the base-2 logarithm of its bytes, 8 to 15.
   *
   * @default 15
   */
  windowBits?: number;
  /**
   * Whether windows are kept from one message to the next: messages that are like those before become
   * much smaller, but each connection keeps memory while it is idle, and what is broadcast to such
   * connections is sent as it is.
   *
   * @default false
   */
  contextTakeover?: boolean;
}

/** All options, with their defaults. */
export type ResolvedDeflate = Required<DeflateOptions>;

/** The defaults. */
export const DEFLATE_DEFAULTS: ResolvedDeflate = {
  threshold: 1_024,
  level: 6,
  memoryLevel: 8,
  windowBits: 15,
  contextTakeover: false,
};

/** The least and the greatest value of each number. */
const RANGES = {
  threshold: [0, Number.MAX_SAFE_INTEGER],
  level: [1, 9],
  memoryLevel: [1, 9],
  windowBits: [8, 15],
} as const;

/**
 * Finds what is wrong with a number.
 *
 * @param name Which option.
 * @param value The wanted value.
 * @returns The expectation, or `undefined` when the value is good.
 */
export function deflateOptionProblem(
  name: keyof typeof RANGES,
  value: unknown,
): string | undefined {
  const [least, most] = RANGES[name];
  const fits = Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
  return fits ? undefined : `expected an integer from ${least} to ${most}`;
}

/**
 * Completes options with the defaults.
 *
 * @param options The options that differ from the defaults; `true` for none.
 * @returns All of them; `undefined` where nothing is compressed.
 * @throws {RangeError} Naming every option that cannot be, at once.
 * @throws {Error} When this version of Deno cannot do so safely.
 */
export function resolveDeflate(
  options: boolean | DeflateOptions | undefined,
): ResolvedDeflate | undefined {
  if (options === undefined || options === false) return undefined;
  const settings = { ...DEFLATE_DEFAULTS, ...options === true ? {} : options };
  const names = Object.keys(RANGES) as (keyof typeof RANGES)[];
  const problems = names.flatMap((name) => {
    const problem = deflateOptionProblem(name, settings[name]);
    return problem === undefined ? [] : [`deflate.${name}: ${problem}`];
  });
  if (problems.length > 0) throw new RangeError(`Cannot compress: ${problems.join("; ")}`);
  const problem = deflateFault();
  if (problem !== undefined) throw new Error(`Cannot compress: ${problem}`);
  return settings;
}
