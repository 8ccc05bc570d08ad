import { deflateRawSync, inflateRawSync } from "node:zlib";

/** Zeros that become few bytes, as in a bomb. */
const ZEROS = 1_024;

/**
 * Tells why permessage-deflate must not be offered on this runtime: Deno 2.4.2 inflates on and on
 * whatever bound it is given, so that a small message could take all memory.
 *
 * @returns The fault; `undefined` where there is none.
 */
export function deflateFault(): string | undefined {
  const bomb = deflateRawSync(new Uint8Array(ZEROS));
  try {
    inflateRawSync(bomb, { maxOutputLength: ZEROS - 1 });
  } catch {
    return undefined;
  }
  return `permessage-deflate needs Deno 2.9.6 or later: Deno ${Deno.version.deno} does not bound what a message inflates to`;
}
