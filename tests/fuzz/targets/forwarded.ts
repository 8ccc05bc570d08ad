import { assert, assertEquals } from "@std/assert";
import { findClient, type ForwardedHeader } from "../../../server/http/proxy/forwarded.ts";
import { canonicalAddress } from "../../../server/net/four_tuple.ts";
import { bytesOf, mutate, textOf } from "../inputs.ts";
import type { FuzzTarget } from "../target.ts";

const NODES = [
  ...["192.0.2.7", "10.0.0.1", "10.0.0.2:80", "unknown", "_x"],
  ...["[::1]", "[fd00::7]:9", "::1"],
];

const SIGNS = [
  ...[",", ", ", ";", '"', "\\", " ", "\t", "=", "x", "\u00ff"],
  ...["for=", "by=_a;", ";proto=http"],
];

/** Whose word counts here. */
function trusts(address: string): boolean {
  return address.startsWith("10.");
}

/** A list of some nodes, with some signs between them. */
function forwardedTarget(header: ForwardedHeader): FuzzTarget {
  return {
    name: header,
    make(random) {
      const elements = Array.from({ length: random.below(6) }, () => {
        const node = random.pick(NODES);
        const quoted = node.includes(":") && random.oneIn(2) ? `"${node}"` : node;
        return header === "forwarded" ? `for=${quoted}` : node;
      });
      if (random.oneIn(2)) {
        elements.splice(random.below(elements.length + 1), 0, random.pick(SIGNS));
      }
      const list = elements.join(random.pick([",", ", ", ",", " , ", random.pick(SIGNS)]));
      // Work that grew with the square of the length would show as a very slow input.
      if (random.oneIn(1_000)) return bytesOf(list.repeat(20_000));
      return random.oneIn(4) ? mutate(bytesOf(list), random) : bytesOf(list);
    },
    check(input) {
      const value = textOf(input);
      const { client, fault } = findClient(header, value, trusts);
      // What a proxy appends is what counts, whatever stood there before, unless nobody can tell.
      const next = `${header === "forwarded" ? "for=" : ""}192.0.2.99`;
      const behind = findClient(header, `${value}, ${next}`, trusts);
      if (behind.fault === undefined) assertEquals(behind.client?.address, "192.0.2.99");
      else assert(header === "forwarded" && fault !== undefined && behind.client === undefined);
      if (fault !== undefined) return "malformed";
      if (client === undefined) return "hidden";
      const { address, port } = client;
      assertEquals(canonicalAddress(address), address);
      assert(port === undefined || (port > 0 && port <= 65_535), `${port}`);
      return trusts(address) ? "proxy" : "client";
    },
  };
}

/** `X-Forwarded-For`. */
export const xForwardedFor: FuzzTarget = forwardedTarget("x-forwarded-for");

/** `Forwarded`. */
export const forwarded: FuzzTarget = forwardedTarget("forwarded");
