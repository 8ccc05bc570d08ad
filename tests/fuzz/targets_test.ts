import { assertEquals } from "@std/assert";
import { Random } from "../helpers/random.ts";
import { checkInput, runInputs } from "./run_inputs.ts";
import { TARGETS } from "./targets.ts";

/** What the inputs of each target have to come to at least once, or they do not reach what they try. */
const REACHED: Readonly<Record<string, { inputs: number; outcomes: readonly string[] }>> = {
  "proxy-header": {
    inputs: 800,
    outcomes: [
      ...["PROXY_HEADER_INCOMPLETE", "PROXY_HEADER_MALFORMED", "PROXY_HEADER_MISSING"],
      ...["PROXY_HEADER_TOO_LONG", "told", "untold"],
    ],
  },
  "request-head": {
    inputs: 1_500,
    outcomes: [
      ...["MALFORMED_HEAD", "REQUEST_LINE_TOO_LONG", "HEADER_LINE_TOO_LONG", "TOO_MANY_HEADERS"],
      ...["HEAD_TOO_LARGE", "HEAD_INCOMPLETE", "HTTP_VERSION_UNSUPPORTED", "HOST_INVALID", "head"],
    ],
  },
  "request-body": {
    inputs: 3_000,
    outcomes: [
      ...["MALFORMED_HEAD", "METHOD_NOT_IMPLEMENTED", "CONTENT_LENGTH_INVALID", "BODY_TOO_LARGE"],
      ...["TRANSFER_ENCODING_INVALID", "TRANSFER_CODING_UNSUPPORTED", "MALFORMED_CHUNK"],
      ...["CHUNK_EXTRA_TOO_LARGE", "BODY_INCOMPLETE", "HEAD_INCOMPLETE"],
      ...["no body", "length", "chunked"],
    ],
  },
  "x-forwarded-for": {
    inputs: 900,
    outcomes: ["client", "hidden", "malformed", "proxy"],
  },
  "forwarded": { inputs: 900, outcomes: ["client", "hidden", "malformed", "proxy"] },
  "handshake-request": {
    inputs: 3_000,
    outcomes: [
      ...["MALFORMED_HEAD", "METHOD_NOT_ALLOWED", "HTTP_VERSION_TOO_LOW", "HOST_INVALID"],
      ...["BODY_NOT_ALLOWED", "UPGRADE_MISSING", "CONNECTION_MISSING", "VERSION_UNSUPPORTED"],
      ...["KEY_INVALID", "SUBPROTOCOL_INVALID", "EXTENSIONS_INVALID", "cut off", "accepted"],
    ],
  },
  "deflate-offers": { inputs: 1_000, outcomes: ["EXTENSIONS_INVALID", "agreed", "declined"] },
  "frames-to-server": {
    inputs: 1_500,
    outcomes: [
      ...["RESERVED_BIT_SET", "RESERVED_OPCODE", "MASK_MISSING", "CONTROL_FRAGMENTED"],
      ...["CONTROL_TOO_LONG", "LENGTH_NOT_MINIMAL", "LENGTH_TOP_BIT_SET"],
      ...["CONTINUATION_UNEXPECTED", "CONTINUATION_EXPECTED", "MESSAGE_TOO_BIG"],
      ...["TOO_MANY_FRAGMENTS", "frames"],
    ],
  },
  "inflate": {
    inputs: 150,
    outcomes: ["INFLATE_FAILED", "MESSAGE_TOO_BIG", "message"],
  },
  "deflate": { inputs: 30, outcomes: ["takeover by the server", "no takeover by the server"] },
  "session-as-server": {
    inputs: 1_500,
    outcomes: [
      ...["INVALID_UTF8", "CLOSE_PAYLOAD_TOO_SHORT", "CLOSE_CODE_INVALID", "MASK_MISSING"],
      ...["MESSAGE_TOO_BIG", "TOO_MANY_FRAGMENTS", "open", "closed"],
    ],
  },
  "utf8": { inputs: 1_500, outcomes: ["bad", "cut off", "text"] },
  "close-payload": {
    inputs: 2_000,
    outcomes: [
      ...["CLOSE_PAYLOAD_TOO_SHORT", "CLOSE_CODE_INVALID", "CLOSE_REASON_INVALID"],
      ...["empty", "status"],
    ],
  },
  "talk-text": {
    inputs: 2_000,
    outcomes: [
      ...["Message is not JSON", 'Message must be a JSON object with a "type"', "Text is empty"],
      ...["Text must be a string", "Nickname must be a string", "Nickname is empty"],
      ...["Nickname holds a control, direction or invisible character", "text", "hello"],
      ...["File number must be an integer from N to N", "Media type of a file is no media type"],
      ...["file", "file-end", "file-stop"],
    ],
  },
  "talk-image": {
    inputs: 500,
    outcomes: ["Image is empty", "Image message has no nickname", "image"],
  },
  "talk-slice": { inputs: 500, outcomes: ["none", "slice"] },
  "response-head": {
    inputs: 1_500,
    outcomes: [
      ...["MALFORMED_HEAD", "HEADER_LINE_TOO_LONG", "TOO_MANY_HEADERS", "HEAD_TOO_LARGE"],
      ...["HEAD_INCOMPLETE", "HTTP_VERSION_UNSUPPORTED", "head"],
    ],
  },
  "handshake-response": {
    inputs: 1_500,
    outcomes: [
      ...["STATUS_UNEXPECTED", "UPGRADE_MISSING", "CONNECTION_MISSING"],
      ...["ACCEPT_INVALID", "EXTENSIONS_INVALID", "EXTENSION_UNEXPECTED"],
      ...["SUBPROTOCOL_UNEXPECTED", "MALFORMED_HEAD", "accepted"],
    ],
  },
  "deflate-answer": {
    inputs: 1_500,
    outcomes: ["EXTENSIONS_INVALID by permessage-deflate", "EXTENSIONS_INVALID", "agreed"],
  },
  "frames-to-client": { inputs: 1_500, outcomes: ["MASK_FORBIDDEN", "MESSAGE_TOO_BIG", "frames"] },
  "session-as-client": { inputs: 1_500, outcomes: ["MASK_FORBIDDEN", "INVALID_UTF8", "closed"] },
  "shown-text": { inputs: 500, outcomes: ["plain", "with what is not shown"] },
  "admin": { inputs: 600, outcomes: ["200", "400", "404", "405", "415", "426"] },
  "four-tuple": { inputs: 1_000, outcomes: ["IPv4", "IPv6", "RangeError", "SyntaxError"] },
  "address-range": { inputs: 1_000, outcomes: ["IPv4", "IPv6", "SyntaxError"] },
  "settings-file": { inputs: 800, outcomes: ["nothing", "settings", "one problem", "problems"] },
  "decode-input": {
    inputs: 200,
    outcomes: ["SyntaxError", "MASK_MISSING", "RESERVED_BIT_SET", "cut off", "frames"],
  },
  "socket-rows": { inputs: 1_000, outcomes: ["none", "ESTABLISHED", "NEW_SYN_RECV"] },
};

Deno.test("TARGETS have a short run each", () => {
  assertEquals(TARGETS.map(({ name }) => name), Object.keys(REACHED));
});

for (const target of TARGETS) {
  const { inputs, outcomes } = REACHED[target.name] ?? { inputs: 100, outcomes: [] };
  Deno.test(`fuzz target ${target.name} does only what is documented, and reaches all of it`, async () => {
    const tally = await runInputs(target, 1, (_, before) => before < inputs);
    assertEquals(tally.find, undefined);
    const missing = outcomes.filter((outcome) => tally.outcomes[outcome] === undefined);
    assertEquals(missing, [], `Outcomes: ${JSON.stringify(tally.outcomes)}`);
  });

  Deno.test(`fuzz target ${target.name} leaves its input alone, and does the same again`, async () => {
    for (const seed of [3, 4, 5, 6, 7]) {
      const input = target.make(new Random(seed));
      assertEquals(target.make(new Random(seed)), input);
      const before = input.slice();
      const outcome = await checkInput(target, input, seed);
      assertEquals(input, before);
      assertEquals(await checkInput(target, input, seed), outcome);
    }
  });
}
