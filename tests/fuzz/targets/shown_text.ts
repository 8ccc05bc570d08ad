import { assert, assertEquals } from "@std/assert";
import { ConnectError } from "../../../client/connect_error.ts";
import { messageLines, noteLines, refusalLines } from "../../../server/cli/connect/connect_text.ts";
import { quote } from "../../../server/cli/terminal/problems.ts";
import { escapeControls, escapeToAscii, jsonLine } from "../../../server/escape.ts";
import { concat } from "../../helpers/notation.ts";
import type { Random } from "../../helpers/random.ts";
import { bytesOf, mutate, textOf } from "../inputs.ts";
import type { FuzzTarget } from "../target.ts";

/** What a terminal acts on, or hides: never shown as it is. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const PARTS = [
  ...["plain", "\t", "\r\n", "\n", "\r", "\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\x7f", "\0"],
  ...["\u202e", "\u200b", "\u2028", "\ufeff", "\u{e0041}", "\u{1f600}", "\u00e9", "a\u0301", "\\"],
  ...['"', "x".repeat(300), "\x89PNG\r\n\x1a\n", "\x03Ada\x89PNG\r\n\x1a\nx"],
];

/** What a peer says and `fourtuple connect` shows, and what else goes to terminals and logs. */
export const shownText: FuzzTarget = {
  name: "shown-text",
  make(random: Random) {
    const parts = Array.from({ length: random.below(6) }, () => bytesOf(random.pick(PARTS)));
    return random.oneIn(3) ? mutate(concat(parts), random) : concat(parts);
  },
  check(input) {
    const text = new TextDecoder().decode(input);
    const bytes = textOf(input);
    const answer = {
      status: 403,
      statusText: bytes,
      headers: new Headers(),
      body: text,
    };
    const status = { code: 1000, reason: text };
    const shown = [
      ...[text, input].flatMap(messageLines).map((line) => line.replaceAll("\t", "")),
      ...noteLines({ type: "ping", payload: input.subarray(0, 125) }),
      ...noteLines({ type: "closed", status, sent: { code: 1001, reason: bytes } }),
      ...noteLines({ type: "head", by: "peer", head: bytes }),
      ...refusalLines(new ConnectError("Server refused", { answer })),
      ...refusalLines(new Error(text)),
      ...[escapeControls(text), escapeControls(bytes), quote(text), quote(bytes)],
      ...[jsonLine({ [text]: bytes }), jsonLine([text])].map((line) => line.slice(0, -1)),
    ];
    for (const line of shown) assert(!UNSEEN.test(line), JSON.stringify(line));
    assert(/^[ -~]*$/.test(escapeToAscii(text)));
    assertEquals(JSON.parse(jsonLine([text])), [text]);
    return UNSEEN.test(text) ? "with what is not shown" : "plain";
  },
};
