import { assert, assertEquals } from "@std/assert";
import {
  checkDeflateAnswer,
  deflateNegotiator,
  deflateOffer,
  type DeflateParameters,
  deflateParameters,
  type DeflatePolicy,
  type Extension,
  HandshakeError,
  isToken,
  negotiateExtensions,
  parseExtensions,
  PERMESSAGE_DEFLATE,
  serializeExtensions,
} from "../../../protocol/mod.ts";
import type { Random } from "../../helpers/random.ts";
import { bytesOf, some, spoil, textOf } from "../inputs.ts";
import { codeOf } from "../outcome.ts";
import type { FuzzTarget } from "../target.ts";

const PARAMETERS = [
  "server_no_context_takeover",
  "client_no_context_takeover",
  "server_max_window_bits=8",
  "server_max_window_bits=15",
  "client_max_window_bits",
  "client_max_window_bits=8",
  'client_max_window_bits="12"',
  "client_max_window_bits=15",
];

const BAD_PARAMETERS = [
  ...PARAMETERS,
  "server_no_context_takeover=1",
  "server_max_window_bits",
  "server_max_window_bits=7",
  "server_max_window_bits=016",
  "server_max_window_bits=1e1",
  'client_max_window_bits=""',
  'client_max_window_bits="1\\0"',
  "client_max_window_bits=\uff11\uff10",
  "__proto__=constructor",
  "x",
  "",
];

/** A value of `Sec-WebSocket-Extensions`. */
function randomValue(random: Random, count: number): string {
  const extension = () => {
    const name = random.pick([PERMESSAGE_DEFLATE, PERMESSAGE_DEFLATE, "Permessage-Deflate", "foo"]);
    const pool = random.oneIn(3) ? BAD_PARAMETERS : PARAMETERS;
    const most = random.pick([1, 2, 3, 3, 4, random.oneIn(8) ? 20 : 2]);
    return [name, ...some(pool, most, random)].join(random.pick(["; ", ";", " ;\t"]));
  };
  return Array.from({ length: count }, extension).join(random.pick([", ", ",", ",,"]));
}

function randomPolicy(random: Random): DeflatePolicy {
  return { windowBits: 8 + random.below(8), contextTakeover: random.oneIn(2) };
}

/** A client's offers: whatever a server answers to one, the client takes to mean the same. */
export const deflateOffers: FuzzTarget = {
  name: "deflate-offers",
  make(random) {
    const value = bytesOf(randomValue(random, random.oneIn(20) ? 40 : random.below(4)));
    return random.oneIn(2) ? value : spoil(value, random);
  },
  check(input, random) {
    const policy = randomPolicy(random);
    const offers = parse(input);
    if (typeof offers === "string") return offers;
    const negotiator = deflateNegotiator(policy);
    const [answer, second] = negotiateExtensions(offers, [negotiator]);
    assertEquals(second, undefined);
    const ours = offers.filter(({ name }) => name === PERMESSAGE_DEFLATE);
    const accepted = ours.find(({ parameters }) => negotiator.accept(parameters) !== undefined);
    assertEquals(answer === undefined, accepted === undefined);
    for (const { parameters } of ours) assertEquals(isGood(parameters), isTaken(parameters));
    if (answer === undefined || accepted === undefined) return "declined";
    const agreed = deflateParameters(answer.parameters);
    checkWithin(agreed, policy, accepted);
    assertEquals(checkDeflateAnswer(answer.parameters, accepted), agreed);
    return "agreed";

    function isTaken(parameters: Extension["parameters"]): boolean {
      return negotiator.accept(parameters) !== undefined;
    }
  },
};

/** A server's answer to an offer of ours. */
export const deflateAnswer: FuzzTarget = {
  name: "deflate-answer",
  make(random) {
    const value = bytesOf(randomValue(random, 1));
    return random.oneIn(2) ? value : spoil(value, random);
  },
  check(input, random) {
    const offer = deflateOffer(randomPolicy(random));
    const answers = parse(input);
    if (typeof answers === "string") return answers;
    const [answer] = answers;
    if (answer?.name !== PERMESSAGE_DEFLATE) return "other";
    let agreed: DeflateParameters;
    try {
      agreed = checkDeflateAnswer(answer.parameters, offer);
    } catch (error) {
      return `${codeOf(error, HandshakeError)} by permessage-deflate`;
    }
    const offered = new Map(offer.parameters);
    if (offered.has("server_no_context_takeover")) assert(agreed.serverNoContextTakeover);
    if (offered.has("client_no_context_takeover")) assert(agreed.clientNoContextTakeover);
    for (
      const [name, bits] of [
        ["server_max_window_bits", agreed.serverMaxWindowBits],
        ["client_max_window_bits", agreed.clientMaxWindowBits],
      ] as const
    ) {
      assert(Number.isInteger(bits) && bits >= 8 && bits <= Number(offered.get(name) ?? 15), name);
    }
    return "agreed";
  },
};

/** Reads a value, which reads the same when it is written again; or the code of its error. */
function parse(input: Uint8Array): Extension[] | string {
  const value = textOf(input);
  let extensions: Extension[];
  try {
    extensions = parseExtensions(value);
  } catch (error) {
    return codeOf(error, HandshakeError);
  }
  assert(extensions.length <= 32);
  for (const { name, parameters } of extensions) {
    assert(isToken(name) && parameters.length <= 16);
  }
  assertEquals(parseExtensions(serializeExtensions(extensions)), extensions);
  return extensions;
}

/** RFC 7692 7.1, read naively: each of the four at most once, with a value it may have. */
function isGood(parameters: Extension["parameters"]): boolean {
  const bits = ["8", "9", "10", "11", "12", "13", "14", "15"];
  const values: Record<string, readonly (string | undefined)[]> = {
    "server_no_context_takeover": [undefined],
    "client_no_context_takeover": [undefined],
    "server_max_window_bits": bits,
    "client_max_window_bits": [undefined, ...bits],
  };
  return new Set(parameters.map(([name]) => name)).size === parameters.length &&
    parameters.every(([name, value]) =>
      Object.hasOwn(values, name) && values[name]!.includes(value)
    );
}

/** What was agreed on costs no more than the server's policy grants, and is what the client asked. */
function checkWithin(agreed: DeflateParameters, policy: DeflatePolicy, offer: Extension): void {
  const asked = new Map(offer.parameters);
  const { serverMaxWindowBits: server, clientMaxWindowBits: client } = agreed;
  assert(server <= Math.min(policy.windowBits, Number(asked.get("server_max_window_bits") ?? 15)));
  assert(client <= Number(asked.get("client_max_window_bits") ?? 15));
  // A window that is larger than the policy's must not stay; no client is asked for less than 9 bits.
  assert(agreed.clientNoContextTakeover || client <= Math.max(policy.windowBits, 9));
  if (!policy.contextTakeover || asked.has("server_no_context_takeover")) {
    assert(agreed.serverNoContextTakeover);
  }
  if (!policy.contextTakeover || asked.has("client_no_context_takeover")) {
    assert(agreed.clientNoContextTakeover);
  }
}
