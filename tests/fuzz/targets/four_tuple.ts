import { assert, assertEquals } from "@std/assert";
import {
  canonicalAddress,
  formatFourTuple,
  type FourTuple,
  parseFourTuple,
} from "../../../server/net/four_tuple.ts";
import type { Random } from "../../helpers/random.ts";
import { bytesOf, spoil, textOf } from "../inputs.ts";
import { codeOf } from "../outcome.ts";
import type { FuzzTarget } from "../target.ts";

/** An address of either family in some spelling, mostly a good one. */
export function randomAddress(random: Random): string {
  if (random.oneIn(3)) {
    return Array.from({ length: random.oneIn(12) ? 3 : 4 }, () => random.below(260)).join(".");
  }
  const groups = Array.from({ length: random.pick([8, 8, 7, 6, 5, 9]) }, () => {
    const group = (random.oneIn(2) ? 0 : random.below(65_536)).toString(16);
    return random.oneIn(4) ? group.padStart(4, "0").toUpperCase() : group;
  });
  if (random.oneIn(5)) groups.splice(-2, 2, "192.0.2.1");
  const gap = random.below(groups.length + 1);
  if (groups.length < 8 || random.oneIn(4)) groups.splice(gap, random.below(3), "");
  const text = groups.join(":");
  if (random.oneIn(6)) return `::ffff:${random.pick(["10.0.0.1", "a00:1"])}`;
  return text.startsWith(":") || text.endsWith(":") ? text.replace(/^:|:$/, "::") : text;
}

function randomEnd(random: Random): string {
  const address = randomAddress(random);
  const port = random.pick([1, 80, 65_535, 65_536, 0, "080", random.below(70_000)]);
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The text of a 4-tuple, as operators type it; the platform's URLs are the twin for IPv6. */
export const fourTuple: FuzzTarget = {
  name: "four-tuple",
  make(random) {
    const source = randomEnd(random);
    const other = () => randomEnd(random);
    let destination = other();
    // Both ends are of one family, or all else would hardly be seen.
    for (
      let tries = 0;
      tries < 8 && destination.startsWith("[") !== source.startsWith("[");
      tries++
    ) {
      destination = other();
    }
    const text = bytesOf(`${source}-${destination}`);
    return random.oneIn(3) ? spoil(text, random) : text;
  },
  check(input) {
    const text = textOf(input);
    for (const [, address = ""] of text.matchAll(/\[([^\][]*)\]/g)) checkTwin(address);
    let tuple: FourTuple;
    try {
      tuple = parseFourTuple(text);
    } catch (error) {
      return codeOf(error, SyntaxError, RangeError);
    }
    const key = formatFourTuple(tuple);
    assertEquals(parseFourTuple(key), tuple);
    assert(/^[0-9a-f.:[\]]+-[0-9a-f.:[\]]+$/.test(key), key);
    return tuple.sourceAddress.includes(":") ? "IPv6" : "IPv4";
  },
};

/** Reads an address of IPv6 as URLs do: the same ones are good, and have the same canonical text. */
function checkTwin(address: string): void {
  // A URL leaves out tabs and line ends, and knows no other sign that stands for itself.
  if (!/^[0-9a-zA-Z:.]*$/.test(address) || !address.includes(":")) return;
  const twin = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1);
  let ours: string | undefined;
  try {
    ours = canonicalAddress(address);
  } catch (error) {
    codeOf(error, SyntaxError);
  }
  assertEquals(ours === undefined, twin === undefined, address);
  if (ours === undefined || twin === undefined) return;
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(twin);
  if (mapped === null) return assertEquals(ours, twin);
  const [high = 0, low = 0] = mapped.slice(1).map((group) => parseInt(group, 16));
  assertEquals(ours, [high >> 8, high & 255, low >> 8, low & 255].join("."));
}
