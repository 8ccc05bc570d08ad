/** The longest nickname, in bytes of UTF-8: its length travels in one byte of an image message. */
export const NICKNAME_BYTES = 255;

/** How many people may share one wanted nickname, told apart by a number. */
const MAX_NAMESAKES = 99;

const encoder = new TextEncoder();

/**
 * Checks a nickname that a peer asked for.
 *
 * @param name The nickname without surrounding space.
 * @returns What is wrong with it, or undefined when it is fine.
 */
export function nicknameFault(name: string): string | undefined {
  if (visible(name) === "") return "Nickname is empty";
  const bytes = encoder.encode(name).length;
  if (bytes > NICKNAME_BYTES) {
    return `Nickname must be <= ${NICKNAME_BYTES} bytes in UTF-8: received ${bytes} bytes`;
  }
  for (const character of name) {
    if (isDeceptive(character.codePointAt(0) ?? 0)) {
      return "Nickname holds a control, direction or invisible character";
    }
  }
  if (ALIKE_SCRIPTS.filter((script) => script.test(name.normalize("NFKC"))).length > 1) {
    return "Nickname mixes letters of Latin, Greek, Cyrillic, Armenian or Cherokee, which look alike";
  }
  return undefined;
}

/** Scripts with many letters that are drawn alike: a name in two of them pretends to be in one. */
const ALIKE_SCRIPTS: readonly RegExp[] = [
  /\p{Script=Latin}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
];

/** Letters of other scripts that are drawn as Latin ones, in this order. */
const ALIKE = {
  others: "АВЕЅІЈКМНОРСТУХԚԜҮӀаеѕіјорсухһԁԛԝүӏ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορυ" + "Օոսօհց",
  latin: "ABESIJKMHOPCTYXQWYlaesijopcyxhdqwyl" + "ABEZHIKMNOPTYXaikvopu" + "Onuohg",
};

const LATIN_OF: ReadonlyMap<string, string> = new Map(
  [...ALIKE.others].map((letter, at) => [letter, ALIKE.latin[at]!]),
);

/**
 * Tells whether a character can make one nickname look like another, or turn the text around it:
 * control characters (C0, C1, DEL), line and paragraph separators, marks of direction, and
 * characters without width. The two joiners U+200C and U+200D stay allowed: Persian and emoji need
 * them.
 */
function isDeceptive(code: number): boolean {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) ||
    code === 0xad || code === 0x61c || code === 0x180e ||
    code === 0x200b || code === 0x200e || code === 0x200f ||
    (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
    code === 0xfeff || (code >= 0xfff9 && code <= 0xfffb) ||
    // A surrogate without its other half is no character.
    (code >= 0xd800 && code <= 0xdfff);
}

/**
 * Gives the form in which two nicknames that look the same are equal, whatever their case and their
 * blanks: by Unicode's compatible forms (NFKC), with one kind of dash and of apostrophe, I, l and 1 as
 * one letter, 0 and O as well, and as Latin where all letters of another script are drawn alike.
 *
 * @param name A nickname.
 * @returns A key for a `Map` or `Set`; it is never shown.
 */
export function nicknameKey(name: string): string {
  const letters = visible(name.normalize("NFKD"));
  const latin = letters.replaceAll(/\p{L}/gu, (letter) => LATIN_OF.get(letter) ?? letter);
  const isAlike = !/[^\P{L}\p{Script=Latin}]/u.test(latin);
  return (isAlike ? latin : letters)
    // To and fro, for letters that are two in upper case, or have several small forms.
    .toLowerCase().toUpperCase().toLowerCase()
    .replaceAll(/\s/gu, "")
    .replaceAll(/\p{Dash}/gu, "-")
    .replaceAll(/[\u2018\u2019\u02bc\u2032`\u00b4]/gu, "'")
    .replaceAll(/[i1|]/gu, "l")
    .replaceAll("0", "o")
    .normalize("NFKC");
}

/** What of a nickname can be seen: emoji may hold selectors and joiners, which alone show nothing. */
function visible(name: string): string {
  return name.replaceAll(/[\p{Default_Ignorable_Code_Point}\u2800]/gu, "").trim();
}

/**
 * Finds the nickname that somebody gets: the wanted one, or with the first free number behind it.
 *
 * @param wanted A nickname that {@linkcode nicknameFault} has nothing against.
 * @param isTaken Asked with the {@linkcode nicknameKey} of each candidate.
 * @returns A free nickname of at most {@linkcode NICKNAME_BYTES} bytes; undefined when all are taken.
 */
export function freeNickname(
  wanted: string,
  isTaken: (key: string) => boolean,
): string | undefined {
  if (!isTaken(nicknameKey(wanted))) return wanted;
  for (let number = 2; number <= MAX_NAMESAKES; number++) {
    const suffix = `-${number}`;
    const candidate = truncate(wanted, NICKNAME_BYTES - suffix.length) + suffix;
    if (!isTaken(nicknameKey(candidate))) return candidate;
  }
  return undefined;
}

/** Cuts a text to a number of bytes of UTF-8, never inside a character. */
function truncate(text: string, bytes: number): string {
  // encodeInto() stops before the character that no longer fits.
  return text.slice(0, encoder.encodeInto(text, new Uint8Array(bytes)).read);
}
