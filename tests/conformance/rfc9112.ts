import type { Proof, Rule } from "./rule.ts";

const HEAD_PARSER = "protocol/head_parser_test.ts";
const HEAD = "protocol/http_head_test.ts";
const FRAMING = "protocol/body_framing_test.ts";
const DECODER = "protocol/body_decoder_test.ts";
const FUZZ: Proof = [
  "fuzz/targets_test.ts",
  "fuzz target request-body does only what is documented, and reaches all of it",
];

/** RFC 9112: the demands on a server that keep two readers from cutting a request in two ways. */
export const MESSAGE_RULES: readonly Rule[] = [
  {
    section: "2.2",
    who: "server",
    rule: "A bare CR ends no line: it makes the message invalid, or counts as a space.",
    tests: [
      [HEAD_PARSER, "HeadParser refuses … at that byte (RFC 9112 2.2, RFC 9110 5.5)"],
      [DECODER, "BodyDecoder refuses a size that ends in CR alone (RFC 9112 7.1)"],
    ],
  },
  {
    section: "2.2",
    who: "server",
    rule: "A line that begins with whitespace before the first header is refused or left out.",
    tests: [[
      HEAD_PARSER,
      "HeadParser refuses a header line that begins with whitespace before all others (RFC 9112 2.2)",
    ]],
  },
  {
    section: "3.2",
    who: "server",
    rule: "A request without Host, with several, or with one that is no host gets 400.",
    tests: [[HEAD, "RequestHeadParser refuses … (RFC 9112 3.2)"]],
  },
  {
    section: "3.2.2",
    who: "server",
    rule: "The absolute form of a target is taken, and its host replaces that of the header.",
    tests: [[
      HEAD,
      "RequestHeadParser takes host and path from the target … (RFC 9112 3.2)",
    ]],
  },
  {
    section: "3.2.3",
    who: "server",
    rule: "Only CONNECT has a target of host and port; a server that is no proxy serves neither.",
    tests: [
      [HEAD, "RequestHeadParser refuses CONNECT with 501, whatever its target (RFC 9112 3.2.3)"],
      [HEAD, 'RequestHeadParser refuses the request line "…" (RFC 9112 3)'],
    ],
  },
  {
    section: "5.1",
    who: "server",
    rule: "Whitespace between a header's name and its colon gets 400.",
    tests: [
      [HEAD_PARSER, "HeadParser refuses … (RFC 9112 5.1)"],
      [DECODER, "BodyDecoder refuses a blank before the colon of a trailer (RFC 9112 7.1.2)"],
    ],
  },
  {
    section: "5.2",
    who: "server",
    rule: "A folded line gets 400, or its fold becomes spaces.",
    tests: [
      [HEAD_PARSER, "HeadParser refuses … (RFC 9112 5.2)"],
      [DECODER, "BodyDecoder refuses a folded trailer (RFC 9112 7.1.2)"],
    ],
  },
  {
    section: "6.1",
    who: "server",
    rule: "A coding other than chunked that is not understood gets 501.",
    tests: [[
      FRAMING,
      "bodyFraming() refuses another coding before chunked with 501 (RFC 9112 6.1)",
    ]],
  },
  {
    section: "6.1",
    who: "server",
    rule: "The framing of a request in HTTP/1.0 with Transfer-Encoding is faulty.",
    tests: [[
      FRAMING,
      "bodyFraming() refuses Transfer-Encoding with HTTP/1.0 (RFC 9112 6.1)",
    ]],
  },
  {
    section: "6.1",
    who: "server",
    rule: "A response to HTTP/1.0 has no Transfer-Encoding.",
    tests: [[
      FRAMING,
      "responseFraming() sends a body of unknown length in chunks, to HTTP/1.0 until the end (RFC 9112 7)",
    ]],
  },
  {
    section: "6.3",
    who: "server",
    rule: "A response to HEAD, and one with 1xx, 204 or 304, has no body.",
    tests: [[FRAMING, "responseFraming() knows responses without a body (RFC 9112 6.3)"]],
  },
  {
    section: "6.3",
    who: "server",
    rule: "Transfer-Encoding beside Content-Length is an error or goes before it.",
    tests: [[FRAMING, "bodyFraming() refuses Transfer-Encoding beside … (RFC 9112 6.3)"]],
  },
  {
    section: "6.3",
    who: "server",
    rule: "A request whose last coding is not chunked gets 400.",
    tests: [
      [FRAMING, "bodyFraming() refuses Transfer-Encoding without chunked (RFC 9112 6.3)"],
      [
        FRAMING,
        "bodyFraming() refuses Transfer-Encoding with chunked before another (RFC 9112 6.3)",
      ],
      [FRAMING, "bodyFraming() refuses Transfer-Encoding that is identity (RFC 9112 6.3)"],
    ],
  },
  {
    section: "6.3",
    who: "server",
    rule: "Several lengths that differ, or one that is not a number, get 400.",
    tests: [
      [FRAMING, "bodyFraming() refuses two lengths (RFC 9112 6.3)"],
      [FRAMING, "bodyFraming() refuses … length… (RFC 9112 6.3)"],
    ],
  },
  {
    section: "6.3",
    who: "server",
    rule: "A request with neither header has no body.",
    tests: [[FRAMING, "bodyFraming() reads no header (RFC 9112 6.3)"]],
  },
  {
    section: "7.1",
    who: "both",
    rule: "A recipient reads the chunked coding; what follows it is the next message.",
    tests: [
      [DECODER, "BodyDecoder reads …, and nothing after the body (RFC 9112 7.1)"],
      FUZZ,
    ],
  },
  {
    section: "7.1",
    who: "both",
    rule: "No body is chunked twice.",
    tests: [[
      FRAMING,
      "bodyFraming() refuses Transfer-Encoding that is chunked twice… (RFC 9112 7.1)",
    ]],
  },
  {
    section: "7.1",
    who: "both",
    rule: "A recipient expects large sizes of chunks, and lets none overflow.",
    tests: [
      [DECODER, "BodyDecoder refuses a size that wraps at 64 bits (RFC 9112 7.1)"],
      [
        DECODER,
        "BodyDecoder takes a body of the limit, and refuses the next byte at its announcement",
      ],
    ],
  },
  {
    section: "7.1.1",
    who: "both",
    rule: "Chunk extensions that are not known are left out, and bounded in all.",
    tests: [
      [DECODER, "BodyDecoder reads extensions, and nothing after the body (RFC 9112 7.1)"],
      [DECODER, "BodyDecoder refuses … (RFC 9112 7.1.1)"],
      [DECODER, "BodyDecoder bounds extensions and trailers of a body together (RFC 9112 7.1.1)"],
    ],
  },
  {
    section: "7.1.2",
    who: "both",
    rule: "Trailers are left out or kept apart: they never become headers.",
    tests: [
      [DECODER, "BodyDecoder reads trailers, and nothing after the body (RFC 9112 7.1)"],
      [DECODER, "BodyDecoder refuses … (RFC 9112 7.1.2)"],
    ],
  },
  {
    section: "8",
    who: "server",
    rule: "A request that ends before its body does is incomplete.",
    tests: [[
      DECODER,
      "BodyDecoder.receiveEof() throws wherever the body has not ended (RFC 9112 8)",
    ]],
  },
  {
    section: "9.3",
    who: "both",
    rule: "The connection persists unless close is named; in HTTP/1.0 where keep-alive is.",
    tests: [[FRAMING, "keepsAlive() goes by Connection and the version (RFC 9112 9.3)"]],
  },
];
