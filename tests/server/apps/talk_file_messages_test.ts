import { assertEquals } from "@std/assert";
import {
  parseFileMessage,
  parseServersMessage,
  TITLE_BYTES,
} from "../../../server/apps/talk_file_messages.ts";

const FILE = {
  type: "file",
  file: 1,
  title: "a.pdf",
  mediaType: "application/pdf",
  size: 9,
} as const;
const HASH = "0f".repeat(32);

Deno.test("parseFileMessage() reads each message, and leaves out what does not belong there", () => {
  const messages = [
    FILE,
    { ...FILE, file: 2 ** 32 - 1, mediaType: "", size: Number.MAX_SAFE_INTEGER },
    { ...FILE, title: "é".repeat(127) + "a" },
    { type: "file-end", file: 0 },
    { type: "file-end", file: 0, hash: HASH },
    { type: "file-stop", file: 3 },
    { type: "file-stop", file: 3, of: 2 ** 52 },
  ] as const;
  for (const message of messages) {
    assertEquals(parseFileMessage({ ...message, id: 7, constructor: 1 }), message);
  }
});

Deno.test("parseFileMessage() names the fault of each wrong message", () => {
  const NUMBER = "File number must be an integer from 0 to 4294967295";
  const SIZE = "File size must be an integer from 0 on";
  const TYPE = "Media type of a file is no media type";
  const HASH_FAULT = "Hash of a file must be 64 hexadecimal digits";
  const faults: [message: Parameters<typeof parseFileMessage>[0], fault: string][] = [
    ...[-1, 0.5, 2 ** 32, NaN, "1", null, undefined, [1]].map((file) =>
      [{ ...FILE, file }, NUMBER] satisfies [unknown, string]
    ),
    ...[-1, 0.5, 2 ** 53, "9", null, undefined].map((size) =>
      [{ ...FILE, size }, SIZE] satisfies [unknown, string]
    ),
    ...["text", "/", "text/", "a b/c", "text/html;x=1", "a/" + "b".repeat(126), "<b>/a", 7].map(
      (mediaType) => [{ ...FILE, mediaType }, TYPE] satisfies [unknown, string],
    ),
    ...["", null, undefined, {}].map((title) =>
      [{ ...FILE, title }, "File name must be a string"] satisfies [unknown, string]
    ),
    [
      { ...FILE, title: "é".repeat(128) },
      `File name must be <= ${TITLE_BYTES} bytes in UTF-8: received 256 bytes`,
    ],
    ...["", HASH + "0", HASH.toUpperCase(), HASH.slice(1) + "g", null, 1].map((hash) =>
      [{ type: "file-end", file: 1, hash } as const, HASH_FAULT] satisfies [unknown, string]
    ),
    [{ type: "file-stop", file: 1, of: "2" }, "Person must be a number"],
  ];
  for (const [message, fault] of faults) {
    assertEquals(parseFileMessage(message), fault, JSON.stringify(message));
  }
});

Deno.test("parseServersMessage() reads what servers tell each other", () => {
  const messages = [
    { ...FILE, id: 1, name: "ada", sliceBytes: 4, at: 0 },
    { type: "file-end", id: 1, file: 2, hash: HASH },
    { type: "file-stop", id: 1, file: 2, reason: "left" },
    { type: "took", id: 1, file: 2, from: "x", slices: -1 },
  ] as const;
  for (const message of messages) {
    assertEquals(parseServersMessage(JSON.stringify(message)), message);
  }
});

Deno.test("parseServersMessage() passes over what it does not know", () => {
  const others = [
    "{",
    "null",
    "7",
    "[]",
    '{"type":"file-end","file":1}',
    '{"type":"file-end","id":1,"file":-1}',
    '{"type":"file","id":1,"file":1,"size":1}',
    '{"type":"took","id":1,"file":1,"from":"x","slices":"1"}',
    '{"type":"took","id":1,"file":1,"slices":1}',
    '{"type":"file-more","id":1,"file":1}',
  ];
  for (const text of others) assertEquals(parseServersMessage(text), undefined, text);
});
