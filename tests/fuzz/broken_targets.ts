/**
 * Targets that have what a fuzzer is to find, for its own tests.
 *
 * @module
 */

import type { FuzzTarget } from "./target.ts";

/** Finds a fault in about one of 256 inputs. */
const throws: FuzzTarget = {
  name: "throws",
  make: (random) => random.bytes(4),
  check([first]) {
    if (first === 7) throw new TypeError("\x1b[31mSeven\x1b[39m is not documented");
    return first! < 128 ? "small" : "great";
  },
};

/** As `throws`, later, and what it throws is no error. */
const rejects: FuzzTarget = {
  name: "rejects",
  make: (random) => random.bytes(4),
  check: ([first]) => first === 7 ? Promise.reject("seven") : Promise.resolve("other"),
};

/** Never comes back, as of the third input. */
const hangs: FuzzTarget = {
  name: "hangs",
  make: (random) => Uint8Array.of(random.seed),
  check([seed]) {
    while (seed! >= 3);
    return "early";
  },
};

/** Waits for what does not come. */
const waits: FuzzTarget = {
  name: "waits",
  make: () => new Uint8Array(1),
  check: () => new Promise(() => {}),
};

/** Keeps all that it ever had, and a lot of it. */
const kept: Uint8Array[] = [];
const grows: FuzzTarget = {
  name: "grows",
  make: () => new Uint8Array(1),
  check() {
    // Not zeros: those take no memory before they are touched.
    kept.push(new Uint8Array(4_000_000).fill(1));
    return "kept";
  },
};

/** Fails when nobody waits for it. */
const escapes: FuzzTarget = {
  name: "escapes",
  make: () => new Uint8Array(1),
  async check() {
    Promise.reject(new Error("Nobody waits for this"));
    await new Promise((resolve) => setTimeout(resolve));
    return "later";
  },
};

/** Cannot even make an input. */
const unmade: FuzzTarget = {
  name: "unmade",
  make() {
    throw new Error("There is no input");
  },
  check: () => "never",
};

/** All of them. */
export const BROKEN_TARGETS: readonly FuzzTarget[] = [
  throws,
  rejects,
  hangs,
  waits,
  grows,
  escapes,
  unmade,
];
