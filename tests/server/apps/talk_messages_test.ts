import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  frameImage,
  parseImage,
  parseMessage,
  serializeMessage,
  TEXT_BYTES,
} from "../../../server/apps/talk_messages.ts";

const utf8 = (text: string): number[] => [...new TextEncoder().encode(text)];

Deno.test("parseMessage() reads hello and trims the nickname", () => {
  assertEquals(parseMessage('{"type":"hello","name":"  ada \\n"}'), { type: "hello", name: "ada" });
});

Deno.test("parseMessage() reads text and keeps it as it is", () => {
  assertEquals(parseMessage('{"type":"text","text":" <b>a</b>\\n"}'), {
    type: "text",
    text: " <b>a</b>\n",
  });
});

Deno.test("parseMessage() reads what is said of files", () => {
  assertEquals(parseMessage('{"type":"file-stop","file":1}'), { type: "file-stop", file: 1 });
});

Deno.test("parseMessage() takes a text of exactly the limit, counted in bytes", () => {
  const text = "é".repeat(TEXT_BYTES / 2);
  assertEquals(parseMessage(JSON.stringify({ type: "text", text })), { type: "text", text });
});

Deno.test("parseMessage() names the fault of each wrong message", () => {
  const NO_TYPE = 'Message must be a JSON object with a "type"';
  const UNKNOWN =
    'Message type is unknown: expected "hello", "text", "file", "file-end" or "file-stop"';
  const faults: [message: string, fault: string][] = [
    ["", "Message is not JSON"],
    ["{", "Message is not JSON"],
    ["[".repeat(100_000), "Message is not JSON"],
    ["null", NO_TYPE],
    ['"hello"', NO_TYPE],
    ["[]", NO_TYPE],
    ["{}", NO_TYPE],
    ['{"type":"image"}', UNKNOWN],
    ['{"type":["text"],"text":"a"}', UNKNOWN],
    ['{"type":"__proto__"}', UNKNOWN],
    ['{"type":"hello"}', "Nickname must be a string"],
    ['{"type":"hello","name":7}', "Nickname must be a string"],
    ['{"type":"hello","name":" "}', "Nickname is empty"],
    [
      JSON.stringify({ type: "hello", name: "é".repeat(128) }),
      "Nickname must be <= 255 bytes in UTF-8: received 256 bytes",
    ],
    ['{"type":"file"}', "File number must be an integer from 0 to 4294967295"],
    ['{"type":"text"}', "Text must be a string"],
    ['{"type":"text","text":null}', "Text must be a string"],
    ['{"type":"text","text":" \\n"}', "Text is empty"],
    [
      JSON.stringify({ type: "text", text: "é".repeat(TEXT_BYTES / 2) + "a" }),
      "Text must be <= 16384 bytes in UTF-8: received 16385 bytes",
    ],
  ];
  for (const [message, fault] of faults) {
    assertEquals(parseMessage(message), { type: "error", fault }, message.slice(0, 80));
  }
});

Deno.test("parseImage() gives a view of the image behind the nickname", () => {
  const data = Uint8Array.of(3, ...utf8("ada"), 0x89, 0x50);
  const parsed = parseImage(data, 2);
  if (parsed.type === "error") throw new Error(parsed.fault);
  assertEquals(parsed.image, Uint8Array.of(0x89, 0x50));
  assertStrictEquals(parsed.image.buffer, data.buffer);
});

Deno.test("parseImage() names the fault of each wrong message", () => {
  const faults: [message: number[], fault: string][] = [
    [[], "Image message is empty"],
    [[0, 0x89], "Image message has no nickname"],
    [[4, ...utf8("ada")], "Image message must hold 4 bytes of nickname: received 3 bytes"],
    [[255], "Image message must hold 255 bytes of nickname: received 0 bytes"],
    [[3, ...utf8("ada")], "Image is empty"],
    [[3, ...utf8("ada"), 1, 2, 3], "Image must be <= 2 bytes: received 3 bytes"],
  ];
  for (const [message, fault] of faults) {
    assertEquals(parseImage(Uint8Array.from(message), 2), { type: "error", fault });
  }
});

Deno.test("frameImage() writes the length, the nickname and a copy of the image", () => {
  const image = Uint8Array.of(1, 2);
  const message = frameImage("ök", image);
  image.fill(9);
  assertEquals(message, Uint8Array.of(3, ...utf8("ök"), 1, 2));
});

Deno.test("frameImage() has room for the longest nickname", () => {
  const message = frameImage("a".repeat(255), Uint8Array.of(7));
  assertEquals([message.length, message[0], message[256]], [257, 255, 7]);
});

Deno.test("serializeMessage() leaves out what is absent", () => {
  assertEquals(
    serializeMessage({
      type: "figures",
      connections: 2,
      serverPorts: 1,
      fourTuples: 2,
    }),
    '{"type":"figures","connections":2,"serverPorts":1,"fourTuples":2}',
  );
});
