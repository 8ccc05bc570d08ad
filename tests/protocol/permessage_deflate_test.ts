import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { HandshakeError } from "../../protocol/errors.ts";
import {
  type ExtensionParameter,
  negotiateExtensions,
  parseExtensions,
  serializeExtensions,
} from "../../protocol/extensions.ts";
import {
  checkDeflateAnswer,
  deflateDirection,
  deflateNegotiator,
  deflateOffer,
  type DeflateParameters,
  deflateParameters,
  type DeflatePolicy,
  PERMESSAGE_DEFLATE,
} from "../../protocol/permessage_deflate.ts";
import { Random } from "../helpers/random.ts";

const GENEROUS: DeflatePolicy = { windowBits: 15, contextTakeover: true };
const THRIFTY: DeflatePolicy = { windowBits: 10, contextTakeover: false };
const BITS = [8, 9, 10, 11, 12, 13, 14, 15];

/** What a server with this policy answers to a header; `undefined` for nothing. */
function answerTo(offers: string, policy: DeflatePolicy): string | undefined {
  const accepted = negotiateExtensions(parseExtensions(offers), [deflateNegotiator(policy)]);
  return accepted.length === 0 ? undefined : serializeExtensions(accepted);
}

/** What a client makes of an answer to its offer, both as headers. */
function check(answer: string, offer: string): DeflateParameters {
  return checkDeflateAnswer(parseExtensions(answer)[0]!.parameters, parseExtensions(offer)[0]!);
}

for (
  const [policy, offer, answer] of [
    // RFC 7692 7: what browsers send.
    [GENEROUS, "permessage-deflate; client_max_window_bits", "permessage-deflate"],
    [GENEROUS, "permessage-deflate", "permessage-deflate"],
    // 7.1.3: the examples.
    [
      GENEROUS,
      "permessage-deflate; client_max_window_bits; server_max_window_bits=10",
      "permessage-deflate; server_max_window_bits=10",
    ],
    [
      GENEROUS,
      "permessage-deflate; client_max_window_bits; server_max_window_bits=10, " +
      "permessage-deflate; client_max_window_bits",
      "permessage-deflate; server_max_window_bits=10",
    ],
    [
      GENEROUS,
      "permessage-deflate; server_no_context_takeover",
      "permessage-deflate; server_no_context_takeover",
    ],
    // 7.1.1.2: the client's hint is taken.
    [
      GENEROUS,
      "permessage-deflate; client_no_context_takeover",
      "permessage-deflate; client_no_context_takeover",
    ],
    [
      GENEROUS,
      'permessage-deflate; client_max_window_bits="9"',
      "permessage-deflate; client_max_window_bits=9",
    ],
    [
      GENEROUS,
      "permessage-deflate; server_max_window_bits=15; client_max_window_bits=15",
      "permessage-deflate; server_max_window_bits=15",
    ],
    [
      THRIFTY,
      "permessage-deflate; client_max_window_bits",
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover; " +
      "server_max_window_bits=10; client_max_window_bits=10",
    ],
    [
      THRIFTY,
      "permessage-deflate; server_max_window_bits=8; client_max_window_bits=12",
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover; " +
      "server_max_window_bits=8; client_max_window_bits=10",
    ],
    // 7.1.2.2: a window that may not be asked for is not kept instead.
    [
      { windowBits: 12, contextTakeover: true },
      "permessage-deflate",
      "permessage-deflate; client_no_context_takeover; server_max_window_bits=12",
    ],
    // 7.1.2.2: a client is asked for 8 bits only where it names them, since many cannot do so.
    [
      { windowBits: 8, contextTakeover: true },
      "permessage-deflate; client_max_window_bits",
      "permessage-deflate; server_max_window_bits=8; client_max_window_bits=9",
    ],
    [
      { windowBits: 8, contextTakeover: true },
      "permessage-deflate; client_max_window_bits=12",
      "permessage-deflate; server_max_window_bits=8; client_max_window_bits=9",
    ],
    [
      { windowBits: 8, contextTakeover: true },
      "permessage-deflate; client_max_window_bits=8",
      "permessage-deflate; server_max_window_bits=8; client_max_window_bits=8",
    ],
    // The first acceptable offer.
    [
      GENEROUS,
      "permessage-deflate; unknown, permessage-deflate; server_max_window_bits=16, " +
      "permessage-deflate; server_max_window_bits=11, permessage-deflate",
      "permessage-deflate; server_max_window_bits=11",
    ],
    [GENEROUS, "x-webkit-deflate-frame, permessage-deflate", "permessage-deflate"],
  ] as const
) {
  const { windowBits, contextTakeover } = policy;
  const title = `${windowBits} bits, ${contextTakeover ? "takeover" : "no takeover"}`;
  Deno.test(`deflateNegotiator() with ${title} answers "${offer}"`, () => {
    assertEquals(answerTo(offer, policy), answer);
  });
}

const BAD_PARAMETERS: readonly ExtensionParameter[][] = [
  [["unknown", undefined]],
  [["constructor", undefined]],
  [["Server_no_context_takeover", undefined]],
  [["server_no_context_takeover", "true"]],
  [["server_no_context_takeover", ""]],
  [["client_no_context_takeover", "1"]],
  [["server_no_context_takeover", undefined], ["server_no_context_takeover", undefined]],
  [["client_no_context_takeover", undefined], ["client_no_context_takeover", undefined]],
  [["server_max_window_bits", undefined]],
  [["server_max_window_bits", "10"], ["server_max_window_bits", "10"]],
  [["client_max_window_bits", undefined], ["client_max_window_bits", undefined]],
  [["client_max_window_bits", undefined], ["client_max_window_bits", "10"]],
  [["client_max_window_bits", "10"], ["client_max_window_bits", undefined]],
  ...["", "0", "7", "16", "08", "010", "+9", "-9", "9.0", "1e1", "0xa", "9a", " 9", "99", "٩"]
    .flatMap((value): ExtensionParameter[][] => [
      [["server_max_window_bits", value]],
      [["client_max_window_bits", value]],
    ]),
];

for (const parameters of BAD_PARAMETERS) {
  const text = parameters.map(([name, value]) => value === undefined ? name : `${name}=${value}`);
  Deno.test(`deflateNegotiator() declines ${text.join("; ")}, and a client refuses it (7.1)`, () => {
    assertStrictEquals(deflateNegotiator(GENEROUS).accept(parameters), undefined);
    const offer = deflateOffer(GENEROUS);
    const error = assertThrows(() => checkDeflateAnswer(parameters, offer), HandshakeError);
    assertEquals(error.code, "EXTENSIONS_INVALID");
    assertThrows(() => deflateParameters(parameters), TypeError);
  });
}

Deno.test("deflateNegotiator() never throws, whatever is offered", () => {
  const random = new Random(7692);
  const names = ["server_no_context_takeover", "client_no_context_takeover", "x"];
  names.push("server_max_window_bits", "client_max_window_bits", "__proto__");
  let accepted = 0;
  for (let round = 0; round < 20_000; round++) {
    const parameters = Array.from({ length: random.below(5) }, (): ExtensionParameter => [
      random.pick(names),
      random.oneIn(2) ? undefined : String(random.below(20)),
    ]);
    const answer = deflateNegotiator(GENEROUS).accept(parameters);
    if (answer === undefined) continue;
    accepted++;
    // A client that made this offer takes the answer, and both go by the same.
    const agreed = checkDeflateAnswer(answer, { name: PERMESSAGE_DEFLATE, parameters });
    assertEquals(agreed, deflateParameters(answer));
  }
  assert(accepted > 1_000 && accepted < 19_000, `${accepted}`);
});

Deno.test("deflateOffer() and deflateNegotiator() agree for all policies, on no more than either wants", () => {
  for (const theirBits of BITS) {
    for (const ourBits of BITS) {
      for (const theirTakeover of [true, false]) {
        for (const ourTakeover of [true, false]) {
          const offer = deflateOffer({ windowBits: theirBits, contextTakeover: theirTakeover });
          const policy = { windowBits: ourBits, contextTakeover: ourTakeover };
          const answer = deflateNegotiator(policy).accept(offer.parameters)!;
          const agreed = checkDeflateAnswer(answer, offer);
          assertEquals(agreed, deflateParameters(answer));
          assertEquals(agreed, {
            serverNoContextTakeover: !(theirTakeover && ourTakeover),
            clientNoContextTakeover: !(theirTakeover && ourTakeover),
            serverMaxWindowBits: Math.min(theirBits, ourBits),
            // A server asks nobody for 8 who has not named them.
            clientMaxWindowBits: Math.min(theirBits, Math.max(ourBits, 9)),
          });
        }
      }
    }
  }
});

Deno.test("deflateOffer() says what the client wants", () => {
  const header = (policy: DeflatePolicy) => serializeExtensions([deflateOffer(policy)]);
  assertEquals(header(GENEROUS), "permessage-deflate; client_max_window_bits");
  assertEquals(
    header(THRIFTY),
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover; " +
      "server_max_window_bits=10; client_max_window_bits=10",
  );
});

Deno.test("a policy's window has 8 to 15 bits", () => {
  for (const windowBits of [7, 16, 9.5, NaN, 0]) {
    const policy = { windowBits, contextTakeover: true };
    assertThrows(() => deflateNegotiator(policy), RangeError, "from 8 to 15");
    assertThrows(() => deflateOffer(policy), RangeError, "from 8 to 15");
  }
});

for (
  const [answer, offer, why] of [
    // 7.1.1.1, 7.1.2.1: what was asked of the server and is missing.
    ["permessage-deflate", "permessage-deflate; server_no_context_takeover", "lacks"],
    ["permessage-deflate", "permessage-deflate; server_max_window_bits=15", "at most 15"],
    [
      "permessage-deflate; server_max_window_bits=11",
      "permessage-deflate; server_max_window_bits=10",
      "at most 10",
    ],
    // 7.1.2.2: a client that did not offer it cannot be asked for it.
    ["permessage-deflate; client_max_window_bits=10", "permessage-deflate", "only if offered"],
    [
      "permessage-deflate; client_max_window_bits",
      "permessage-deflate; client_max_window_bits",
      "with a value",
    ],
    [
      "permessage-deflate; client_max_window_bits=12",
      "permessage-deflate; client_max_window_bits=11",
      "at most 11",
    ],
  ] as const
) {
  Deno.test(`checkDeflateAnswer() refuses "${answer}" to "${offer}"`, () => {
    const error = assertThrows(() => check(answer, offer), HandshakeError, why);
    assertEquals(error.code, "EXTENSIONS_INVALID");
  });
}

Deno.test("checkDeflateAnswer() takes what a server may add (7.1.1.1, 7.1.1.2, 7.1.2.1)", () => {
  const offer = "permessage-deflate; client_max_window_bits";
  const answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; " +
    "server_max_window_bits=8; client_max_window_bits=15";
  assertEquals(check(answer, offer), {
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    serverMaxWindowBits: 8,
    clientMaxWindowBits: 15,
  });
});

Deno.test("checkDeflateAnswer() holds the client to what it said of itself (7.1.1.2, 7.1.2.2)", () => {
  const offer = "permessage-deflate; client_no_context_takeover; client_max_window_bits=9";
  assertEquals(check("permessage-deflate", offer), {
    serverNoContextTakeover: false,
    clientNoContextTakeover: true,
    serverMaxWindowBits: 15,
    clientMaxWindowBits: 9,
  });
});

Deno.test("checkDeflateAnswer() and deflateParameters() take nothing that is not theirs", () => {
  assertThrows(() => checkDeflateAnswer([], { name: "x", parameters: [["x", "1"]] }), TypeError);
  assertThrows(() => deflateParameters([["client_max_window_bits", undefined]]), TypeError);
});

Deno.test("deflateDirection() picks what each end sends", () => {
  const agreed = check(
    "permessage-deflate; server_no_context_takeover; client_max_window_bits=9",
    "permessage-deflate; client_max_window_bits",
  );
  const server = { windowBits: 15, contextTakeover: false };
  assertEquals(deflateDirection(agreed, "server"), server);
  assertEquals(deflateDirection(agreed, "client"), { windowBits: 9, contextTakeover: true });
});
