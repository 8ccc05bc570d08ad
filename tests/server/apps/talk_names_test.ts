import { assertEquals, assertNotEquals } from "@std/assert";
import { freeNickname, nicknameFault, nicknameKey } from "../../../server/apps/talk_names.ts";

const isDeceptive = "Nickname holds a control, direction or invisible character";

Deno.test("nicknameFault() has nothing against ordinary names of any script", () => {
  const names = [
    "ada",
    "guest-4821",
    "Zoë",
    "דנה",
    "می‌خواهم",
    "王小明",
    "👩‍💻",
    "<b>",
    "a".repeat(255),
  ];
  assertEquals(names.map(nicknameFault), names.map(() => undefined));
});

Deno.test("nicknameFault() refuses characters that make names look like others", () => {
  const codes = [
    0x00,
    0x0a,
    0x1f,
    0x7f,
    0x85,
    0xad,
    0x61c,
    0x180e,
    0x200b,
    0x200e,
    0x200f,
    0x2028,
    0x202e,
    0x2066,
    0x2069,
    0xfeff,
    0xd800,
    0xdfff,
  ];
  for (const code of codes) {
    const name = `a${String.fromCodePoint(code)}b`;
    assertEquals(nicknameFault(name), isDeceptive, `U+${code.toString(16)}`);
  }
});

Deno.test("nicknameFault() counts bytes, not characters", () => {
  assertEquals(nicknameFault("é".repeat(127)), undefined);
  assertEquals(
    nicknameFault("é".repeat(128)),
    "Nickname must be <= 255 bytes in UTF-8: received 256 bytes",
  );
  assertEquals(nicknameFault(""), "Nickname is empty");
});

Deno.test("nicknameKey() is one for names that read the same", () => {
  assertEquals(nicknameKey("Ada"), nicknameKey("ada"));
  assertEquals(nicknameKey("Zoe\u0308"), nicknameKey("Zoë"));
  assertEquals(nicknameKey("ａｄａ"), nicknameKey("ada"));
  assertNotEquals(nicknameKey("ada"), nicknameKey("ada-2"));
});

Deno.test("nicknameKey() is one for names that look the same", () => {
  const same = [
    [
      "Ann Lee",
      "Ann  Lee",
      " ann\u00a0lee ",
      "Ann\u200aLee",
      "Ann\u3000Lee",
      "AnnLee",
      "ＡＮＮ　ＬＥＥ",
    ],
    ["Alice", "AIice", "A1ice", "ALICE", "\u{1d400}lice", "aliсe".replace("с", "c")],
    ["ope", "ОРЕ", "оре", "ΟΡΕ"], // in Cyrillic and Greek
    ["Zoë", "ZOE\u0308"],
    ["Straße", "STRASSE", "straẞe"],
    ["Νίκος", "ΝΊΚΟΣ", "νίκοσ"],
    ["Иван", "ИВАН", "иван"],
    ["O'Neil-2", "O’Neil–2", "0ʼNeil\u20112"],
    ["flo", "ﬂo"],
  ];
  for (const [first, ...others] of same) {
    for (const other of others) assertEquals(nicknameKey(other), nicknameKey(first!), other);
  }
  const keys = new Set(same.map(([first]) => nicknameKey(first!)));
  assertEquals(keys.size, same.length);
  const apart = [
    "guest-1",
    "guest-2",
    "guest-10",
    "guest-11",
    "王小明",
    "王小",
    "Zoe",
    "Иво",
    "דנה",
  ];
  assertEquals(new Set(apart.map(nicknameKey)).size, apart.length);
});

Deno.test("nicknameFault() refuses names that mix scripts whose letters look alike", () => {
  const mixed =
    "Nickname mixes letters of Latin, Greek, Cyrillic, Armenian or Cherokee, which look alike";
  for (const name of ["p\u0430ul", "\u0391nna", "Иvan", "\u13a0da", "b\u0585b"]) {
    assertEquals(nicknameFault(name), mixed, name);
  }
  for (const name of ["王 Ming", "ユキ-yuki", "Αθηνά 2", "Иван 3", "דנה dana"]) {
    assertEquals(nicknameFault(name), undefined, name);
  }
});

Deno.test("freeNickname() gives the wanted name when it is free", () => {
  assertEquals(freeNickname("ada", () => false), "ada");
});

Deno.test("freeNickname() puts the first free number behind a taken name", () => {
  const taken = new Set(["ada", "ada-2", "ada-3"]);
  assertEquals(freeNickname("Ada", (key) => taken.has(key)), "Ada-4");
});

Deno.test("freeNickname() cuts a long name for the number, never inside a character", () => {
  const wanted = "é".repeat(127) + "a";
  const free = freeNickname(wanted, (key) => key === wanted);
  assertEquals(free, "é".repeat(126) + "-2");
});

Deno.test("freeNickname() gives up when every number is taken", () => {
  let asked = 0;
  assertEquals(freeNickname("ada", () => ++asked > 0), undefined);
  assertEquals(asked, 99);
});

Deno.test("nicknameKey() sees no difference in what cannot be seen", () => {
  for (const name of ["ada\ufe0f", "\u034fada", "\u{e0041}ada", "a\u200dda"]) {
    assertEquals(nicknameKey(name), nicknameKey("ada"));
  }
});

Deno.test("nicknameFault() finds a nickname empty that shows nothing", () => {
  for (const name of ["\u3164", "\u2800", "\u115f", "\ufe0f\u200d"]) {
    assertEquals(nicknameFault(name), "Nickname is empty");
  }
});
