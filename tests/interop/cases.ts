import { BYE, type Case, echoBinary, echoText, type Move, seenBinary, seenText } from "./moves.ts";

const MIB = 1_048_576;

/** ASCII, and characters of two, three and four bytes in UTF-8. */
const WIDTHS = "aé€𝄞";

/** What the server must do for every client. */
export const CASES: readonly Case[] = [
  ...[0, 1, 125, 126, 127, 65_535, 65_536, MIB - 1, MIB].flatMap((size) => [
    { name: `echoes ${size} bytes of text`, moves: ["open", ...echoText("x", size), ...BYE] },
    { name: `echoes ${size} bytes of binary`, moves: ["open", ...echoBinary(size), ...BYE] },
  ]),
  {
    name: "echoes 16 MiB of text and of binary",
    server: "large",
    moves: ["open", ...echoText("x", 16 * MIB), ...echoBinary(16 * MIB), ...BYE],
  },
  {
    name: "echoes text with characters of every width",
    moves: [
      "open",
      ...echoText(WIDTHS),
      // The first and the last character of each width.
      ...echoText("\0\x7F\x80\u07FF\u0800\uD7FF\uE000\uFFFF\u{10000}\u{10FFFF}"),
      ...echoText(WIDTHS, 26_214),
      ...BYE,
    ],
  },
  {
    name: "keeps a byte order mark",
    needs: "BOM",
    moves: ["open", ...echoText("\uFEFF"), ...echoText("\uFEFFtext"), ...BYE],
  },
  {
    name: "echoes 1000 pipelined messages in their order",
    moves: [
      "open",
      ...Array.from({ length: 1000 }, (_, at) => ({ text: `${at}` })),
      ...Array.from({ length: 1000 }, (_, at) => `text "${at}"`),
      ...BYE,
    ],
  },
  {
    name: "serves 50 clients at the same time",
    target: "/together?clients=50",
    moves: together(1),
    others: Array.from({ length: 49 }, (_, at) => together(at + 2)),
  },

  // Fragmentation and control frames (RFC 6455 5.4, 5.5).
  {
    name: "joins fragments of text",
    needs: "frames",
    moves: ["open", { fragments: ["Hel", "", WIDTHS, "lo"] }, seenText(`Hel${WIDTHS}lo`), ...BYE],
  },
  {
    name: "joins a character that is cut between frames",
    needs: "frames",
    moves: ["open", { raw: "01 82 00000000 e282 80 81 00000000 ac" }, 'text "€"', ...BYE],
  },
  {
    name: "joins fragments of binary",
    needs: "frames",
    moves: [
      "open",
      { fragments: [65_536, 0, 1, 100_000] },
      seenBinary(65_536, 0, 1, 100_000),
      ...BYE,
    ],
  },
  {
    name: "answers pings between fragments before the message is complete",
    needs: "frames",
    // Of more than two pings at once only the newest need be answered (5.5.3).
    moves: [
      "open",
      { fragments: ["a", "b", "c"], between: "ping" },
      'pong "ping 1"',
      'pong "ping 2"',
      'text "abc"',
      ...BYE,
    ],
  },
  {
    name: "answers pings with their payload",
    needs: "frames",
    moves: [
      "open",
      ...[1, 125].flatMap((size) => [{ ping: "p".repeat(size) }, `pong "${"p".repeat(size)}"`]),
      ...BYE,
    ],
  },
  {
    name: "ignores pongs that answer nothing",
    needs: "frames",
    moves: ["open", { pong: "" }, { pong: "unasked" }, ...echoText("still here"), ...BYE],
  },
  {
    name: "gets the pong for a ping of its own",
    target: "/pings",
    // The server tells what came in: the pong with "are you there", 6 + 13 bytes, and this text, 6 + 6.
    moves: ["open", 'text "pinged"', { text: "answer" }, 'text "31 bytes came in"', ...BYE],
  },
  {
    name: "measures the round trip",
    server: "pinging",
    target: "/measures",
    moves: ["open", 'text "measured"', ...BYE],
  },

  // The opening handshake (RFC 6455 4).
  {
    name: "chooses the subprotocol in its own order",
    protocols: ["chat", "superchat", "other"],
    moves: ["open superchat", ...echoText("hello"), ...BYE],
  },
  {
    name: "refuses with 403",
    needs: "frames",
    target: "/refused",
    moves: ["refused 403"],
  },
  {
    name: "lets the WebSocket class see a refusal",
    target: "/refused",
    moves: ["refused…"],
  },

  // The closing handshake (RFC 6455 7).
  {
    name: "answers a Close with code and reason",
    moves: ["open", { close: [4001, "genug für heute"] }, 'close 4001 "genug für heute"'],
    ended: 'by peer, 4001 "genug für heute"',
  },
  {
    name: "answers a Close after what was sent before it",
    needs: "frames", // browsers drop what comes after their close()
    moves: [
      "open",
      { text: "one" },
      { binary: 100_000 },
      { close: [1000] },
      seenText("one"),
      seenBinary(100_000),
      'close 1000 ""',
    ],
    ended: 'by peer, 1000 ""',
  },
  {
    name: "answers a Close without a code",
    moves: ["open", { close: [] }, 'close 1005 ""'],
    ended: 'by peer, 1005 ""',
  },
  {
    name: "closes with code and reason",
    target: "/closes?code=4000&reason=bye",
    moves: ["open", 'close 4000 "bye"'],
    ended: "by us, 4000 …", // an answer need not repeat the reason
  },
  {
    name: "closes without a code",
    target: "/closes",
    moves: ["open", 'close 1005 ""'],
    ended: 'by us, 1005 ""',
  },
  {
    name: "sends what comes before its Close",
    target: "/closes?code=1000&reason=&after=1000",
    moves: ["open", ...Array.from({ length: 1000 }, (_, at) => `text "${at}"`), 'close 1000 ""'],
    ended: 'by us, 1000 ""',
  },
  {
    name: "closes with 1009 after a message over the limit",
    moves: ["open", { binary: MIB + 1 }, "close 1009 …"],
  },
  {
    name: "closes with 1009 after fragments over the limit",
    needs: "frames",
    moves: ["open", { fragments: [MIB, 1] }, "close 1009 …"],
  },
];

/** The moves of one client of many; none is told to go on before all of them are there. */
function together(client: number): Move[] {
  return [
    "open",
    'text "go"',
    ...echoText(`client ${client}`),
    ...echoBinary(10_000 + client),
    ...BYE,
  ];
}
