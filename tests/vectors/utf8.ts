/** Bytes that are UTF-8, RFC 3629. */
export interface ValidText {
  readonly name: string;
  /** Hex, one group per character. */
  readonly hex: string;
  /** The text in escapes, so that it can be read whatever the font. */
  readonly text: string;
}

/** Bytes that are not UTF-8. */
export interface InvalidText {
  readonly name: string;
  readonly hex: string;
  /** The index of the first byte that cannot be part of UTF-8; the length where the end is missing. */
  readonly badAt: number;
}

export const VALID_UTF8: readonly ValidText[] = [
  { name: "nothing", hex: "", text: "" },
  { name: "NUL", hex: "00", text: "\0" },
  { name: "the last of one byte", hex: "7f", text: "\x7f" },
  { name: "the first of two bytes", hex: "c280", text: "\x80" },
  { name: "the last of two bytes", hex: "dfbf", text: "\u07ff" },
  { name: "the first of three bytes", hex: "e0a080", text: "\u0800" },
  { name: "the last before the surrogates", hex: "ed9fbf", text: "\ud7ff" },
  { name: "the first after the surrogates", hex: "ee8080", text: "\ue000" },
  { name: "the replacement character", hex: "efbfbd", text: "\ufffd" },
  { name: "noncharacters", hex: "efb790 efbfbe efbfbf", text: "\ufdd0\ufffe\uffff" },
  { name: "the first of four bytes", hex: "f0908080", text: "\u{10000}" },
  { name: "the last of all", hex: "f48fbfbf", text: "\u{10ffff}" },
  { name: "a byte order mark in front, kept", hex: "efbbbf 61", text: "\ufeffa" },
  { name: "a byte order mark alone, kept", hex: "efbbbf", text: "\ufeff" },
  { name: "two byte order marks, both kept", hex: "efbbbf efbbbf", text: "\ufeff\ufeff" },
  {
    name: "kosme in Greek",
    hex: "ceba e1bdb9 cf83 cebc ceb5",
    text: "\u03ba\u1f79\u03c3\u03bc\u03b5",
  },
  { name: "all four lengths", hex: "24 c2a2 e282ac f09f9880", text: "$\xa2\u20ac\u{1f600}" },
];

export const INVALID_UTF8: readonly InvalidText[] = [
  // Continuation bytes where a character should begin
  { name: "a continuation byte alone, lowest", hex: "80", badAt: 0 },
  { name: "a continuation byte alone, highest", hex: "bf", badAt: 0 },
  { name: "a continuation byte after ASCII", hex: "61 80 61", badAt: 1 },
  { name: "one continuation byte too many", hex: "c3a9 a9", badAt: 2 },
  { name: "one continuation byte too many after four bytes", hex: "f09f9880 80", badAt: 4 },
  // First bytes that never occur
  { name: "C0", hex: "c0", badAt: 0 },
  { name: "C1", hex: "c1", badAt: 0 },
  { name: "F5, beyond U+10FFFF", hex: "f5", badAt: 0 },
  { name: "F8, the first of five bytes", hex: "f888808080", badAt: 0 },
  { name: "FC, the first of six bytes", hex: "fc8480808080", badAt: 0 },
  { name: "FE", hex: "fe", badAt: 0 },
  { name: "FF", hex: "61 ff", badAt: 1 },
  // Characters that break off in the middle
  { name: "two bytes broken by ASCII", hex: "c3 28", badAt: 1 },
  { name: "two bytes broken by a first byte", hex: "c3 c3", badAt: 1 },
  { name: "three bytes broken at the second", hex: "e2 28 a1", badAt: 1 },
  { name: "three bytes broken at the third", hex: "e282 28", badAt: 2 },
  { name: "four bytes broken at the second", hex: "f0 28 8c bc", badAt: 1 },
  { name: "four bytes broken at the third", hex: "f090 28 bc", badAt: 2 },
  { name: "four bytes broken at the fourth", hex: "f0908c 28", badAt: 3 },
  { name: "four bytes broken by FF at the fourth", hex: "f0908c ff", badAt: 3 },
  // Overlong forms
  { name: "overlong slash in two bytes", hex: "c0af", badAt: 0 },
  { name: "overlong slash in three bytes", hex: "e080af", badAt: 1 },
  { name: "overlong slash in four bytes", hex: "f08080af", badAt: 1 },
  { name: "overlong NUL in two bytes", hex: "c080", badAt: 0 },
  { name: "the highest overlong in two bytes", hex: "c1bf", badAt: 0 },
  { name: "the highest overlong in three bytes", hex: "e09fbf", badAt: 1 },
  { name: "the highest overlong in four bytes", hex: "f08fbfbf", badAt: 1 },
  // Surrogates
  { name: "the first high surrogate", hex: "eda080", badAt: 1 },
  { name: "the last high surrogate", hex: "edafbf", badAt: 1 },
  { name: "the first low surrogate", hex: "edb080", badAt: 1 },
  { name: "the last low surrogate", hex: "edbfbf", badAt: 1 },
  { name: "a surrogate pair (CESU-8)", hex: "eda081 edb080", badAt: 1 },
  // Beyond U+10FFFF
  { name: "U+110000", hex: "f4908080", badAt: 1 },
  { name: "U+1FFFFF", hex: "f7bfbfbf", badAt: 0 },
  {
    name: "Autobahn 6.4: beyond the range after good text",
    hex: "ceba e1bdb9 cf83 f4908080 65",
    badAt: 8,
  },
  // Other encodings
  { name: "Latin-1", hex: "66 fc 72", badAt: 1 },
  { name: "UTF-16 with a byte order mark", hex: "fffe 6100", badAt: 0 },
  { name: "a cut-off byte order mark", hex: "efbb 61", badAt: 2 },
  // The end is missing: not a bad byte, but bad at the end
  { name: "one byte of two", hex: "61 c3", badAt: 2 },
  { name: "one byte of three", hex: "e2", badAt: 1 },
  { name: "two bytes of three", hex: "e282", badAt: 2 },
  { name: "one byte of four", hex: "f0", badAt: 1 },
  { name: "two bytes of four", hex: "f09f", badAt: 2 },
  { name: "three bytes of four", hex: "f09f98", badAt: 3 },
];
