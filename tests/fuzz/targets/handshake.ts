import { assert, assertEquals } from "@std/assert";
import {
  type AcceptedUpgrade,
  checkUpgradeRequest,
  checkUpgradeResponse,
  chooseSubprotocol,
  computeAccept,
  deflateNegotiator,
  HandshakeError,
  isToken,
  isUpgradeRequest,
  negotiateExtensions,
  type RequestHead,
  RequestHeadParser,
  type ResponseHead,
  ResponseHeadParser,
  serializeUpgradeRequest,
  serializeUpgradeResponse,
  type UpgradeRequest,
} from "../../../protocol/mod.ts";
import { sha1 } from "../../../server/sha1.ts";
import type { Random } from "../../helpers/random.ts";
import { BAD_HANDSHAKES, GOOD_HANDSHAKE } from "../../vectors/bad_handshakes.ts";
import { bytesOf, mutate, some } from "../inputs.ts";
import { codeOf } from "../outcome.ts";
import type { FuzzTarget } from "../target.ts";

const EXTRA_LINES = [
  "Sec-WebSocket-Protocol: chat.v1, chat.v2",
  "Sec-WebSocket-Protocol: chat.v2",
  "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
  "Sec-WebSocket-Extensions: x-foo; a=1, permessage-deflate",
  "Connection: keep-alive",
  "Upgrade: h2c",
  "Content-Length: 0",
  "Origin: http://example.com",
];

/** An opening handshake, as it comes from a client; our own client takes the answer. */
export const handshakeRequest: FuzzTarget = {
  name: "handshake-request",
  make(random) {
    const lines = random.oneIn(3) ? random.pick(BAD_HANDSHAKES).lines : GOOD_HANDSHAKE;
    return spoiltLines([...lines, ...some(EXTRA_LINES, 3, random)], random);
  },
  check(input) {
    let head: RequestHead | undefined;
    let asked: UpgradeRequest;
    try {
      head = new RequestHeadParser().push(input);
      if (head === undefined) return "cut off";
      asked = checkUpgradeRequest(head);
    } catch (error) {
      return codeOf(error, HandshakeError);
    }
    assert(isUpgradeRequest(head));
    const { key, subprotocols, extensions } = asked;
    assert(subprotocols.every(isToken) && new Set(subprotocols).size === subprotocols.length);
    const accept = computeAccept(key, sha1);
    const subprotocol = chooseSubprotocol(subprotocols, ["chat.v2", "chat.v1"]);
    const accepted = negotiateExtensions(extensions, [
      deflateNegotiator({ windowBits: 10, contextTakeover: false }),
    ]);
    const response = serializeUpgradeResponse({ accept, subprotocol, extensions: accepted });
    const answer = new ResponseHeadParser().push(response)!;
    assertEquals(checkUpgradeResponse(answer, { accept, subprotocols, extensions }), {
      subprotocol,
      extensions: accepted,
    });
    // What it asked for can be asked by our own client too.
    const again = serializeUpgradeRequest({ host: "a", path: "/", key, subprotocols, extensions });
    assertEquals(checkUpgradeRequest(new RequestHeadParser().push(again)!), asked);
    return "accepted";
  },
};

const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const OFFERED = { name: "permessage-deflate", parameters: [] };

const ANSWER = [
  "HTTP/1.1 101 Switching Protocols",
  "Upgrade: websocket",
  "Connection: Upgrade",
  `Sec-WebSocket-Accept: ${ACCEPT}`,
];

const ANSWER_LINES = [
  "Sec-WebSocket-Protocol: chat.v1",
  "Sec-WebSocket-Protocol: chat.v3",
  "Sec-WebSocket-Protocol: chat.v1, chat.v2",
  "Sec-WebSocket-Extensions: permessage-deflate",
  "Sec-WebSocket-Extensions: permessage-deflate, permessage-deflate",
  "Sec-WebSocket-Extensions: x-foo",
  "Sec-WebSocket-Extensions: ;",
  "Connection: close",
  "Set-Cookie: a=b",
  ...ANSWER.slice(1),
];

/** The answer of a server. */
export const handshakeResponse: FuzzTarget = {
  name: "handshake-response",
  make(random) {
    const lines = [...ANSWER, ...some(ANSWER_LINES, 2, random)];
    if (random.oneIn(3)) lines.splice(1 + random.below(lines.length - 1), 1);
    if (random.oneIn(8)) lines[0] = random.pick(["HTTP/1.1 200 OK", "HTTP/1.0 101 Old"]);
    return spoiltLines(lines, random);
  },
  check(input) {
    const expectations = {
      accept: ACCEPT,
      subprotocols: ["chat.v1", "chat.v2"],
      extensions: [OFFERED],
    };
    let head: ResponseHead | undefined;
    let accepted: AcceptedUpgrade;
    try {
      head = new ResponseHeadParser().push(input);
      if (head === undefined) return "cut off";
      accepted = checkUpgradeResponse(head, expectations);
    } catch (error) {
      return codeOf(error, HandshakeError);
    }
    assert(head.status === 101 && head.headers.get("sec-websocket-accept") === ACCEPT);
    assert([undefined, "chat.v1", "chat.v2"].includes(accepted.subprotocol));
    const names = accepted.extensions.map(({ name }) => name);
    assert(names.length <= 1 && names.every((name) => name === OFFERED.name), names.join());
    return "accepted";
  },
};

/** Lines of a head, in most cases changed in some places. */
function spoiltLines(lines: readonly string[], random: Random): Uint8Array<ArrayBuffer> {
  const bytes = bytesOf(`${lines.join("\r\n")}\r\n\r\n`);
  return random.oneIn(2) ? bytes : mutate(bytes, random);
}
