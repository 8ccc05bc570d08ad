import { assertEquals } from "@std/assert";
import {
  parseRosterMessage,
  type RosterNews,
  serializeRosterMessage,
} from "../../../server/apps/talk_roster_messages.ts";

const ada = { id: 2 ** 52, name: 'a"da', since: 1 };

Deno.test("parseRosterMessage() reads what serializeRosterMessage() writes", () => {
  const all: RosterNews[] = [
    { kind: "beat" },
    { kind: "ask" },
    { kind: "ask", of: "b" },
    { kind: "ping", of: "b" },
    { kind: "change", here: ada },
    { kind: "change", gone: "ada" },
    { kind: "change", gone: "ada", here: ada },
    { kind: "roster", first: true, last: false, people: [ada] },
    { kind: "end" },
  ];
  for (const news of all) {
    const message = { from: "a", seq: 7, ...news };
    assertEquals(parseRosterMessage(serializeRosterMessage(message)), message);
  }
});

Deno.test("parseRosterMessage() gives undefined for whatever is no message", () => {
  const from = '"from":"a","seq":1';
  const wrong = [
    Uint8Array.of(1),
    "",
    "{",
    "null",
    "7",
    "[]",
    "{}",
    '{"kind":"beat"}',
    '{"from":"a","kind":"beat"}',
    '{"from":"a","seq":1.5,"kind":"beat"}',
    '{"from":1,"seq":1,"kind":"beat"}',
    `{${from},"kind":"news of a later version"}`,
    `{${from},"kind":"__proto__"}`,
    `{${from},"kind":"ask","of":1}`,
    `{${from},"kind":"ping"}`,
    `{${from},"kind":"change","gone":null}`,
    `{${from},"kind":"change","here":{}}`,
    `{${from},"kind":"change","here":{"id":1,"name":2,"since":3}}`,
    `{${from},"kind":"change","here":{"id":"1","name":"a","since":3}}`,
    `{${from},"kind":"change","here":{"id":1,"name":"a"}}`,
    `{${from},"kind":"roster","first":true,"last":true}`,
    `{${from},"kind":"roster","first":1,"last":true,"people":[]}`,
    `{${from},"kind":"roster","first":true,"people":[]}`,
    `{${from},"kind":"roster","first":true,"last":true,"people":[null]}`,
  ];
  assertEquals(wrong.map(parseRosterMessage), wrong.map(() => undefined));
});
