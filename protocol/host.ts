/** The longest text of an IPv6 address: six groups and an IPv4 address in full. */
const MAX_IPV6_LENGTH = 45;

/**
 * Tells whether a text is what a `Host` header may hold: a name, an IPv4 address or an IPv6 address
 * in brackets, then perhaps a colon and a port (RFC 9112 3.2, RFC 3986 3.2.2).
 *
 * Names are narrower than RFC 3986 has them: letters, digits, `-`, `.` and `_`. No name in use holds
 * percent signs or punctuation, and in a `Host` they serve only to be read in two ways. A host that no
 * URL can have, such as `1.2.3.4.5`, is none: whoever looks at a request does so by its URL.
 *
 * @param text The text.
 * @returns Whether it is a host, with or without port.
 *
 * @example
 * ```ts
 * import { isHost } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["example.com", "[::1]:8080", "user@example.com"].map(isHost), [true, true, false]);
 * ```
 */
export function isHost(text: string): boolean {
  let end: number;
  if (text.startsWith("[")) {
    end = text.indexOf("]") + 1;
    if (end === 0 || !isIPv6(text.slice(1, end - 1))) return false;
  } else {
    const colon = text.indexOf(":");
    end = colon < 0 ? text.length : colon;
    if (end === 0) return false;
    for (let i = 0; i < end; i++) {
      if (!isNameCode(text.charCodeAt(i))) return false;
    }
  }
  if (end < text.length && !(text[end] === ":" && isPort(text.slice(end + 1)))) return false;
  // A name that ends in a number is an address to URLs, and of `xn--` only some follow the rules.
  return URL.canParse(`http://${text}`);
}

function isNameCode(code: number): boolean {
  return isDigit(code) || (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) ||
    code === 0x2d || code === 0x2e || code === 0x5f;
}

/** RFC 3986 3.2.3: a port may be empty, which means the scheme's own. */
function isPort(text: string): boolean {
  return text === "" || (isDecimal(text, 5) && Number(text) <= 65_535);
}

/** RFC 4291 2.2: eight groups, or fewer and one "::" in place of the missing ones. */
function isIPv6(text: string): boolean {
  if (text.length > MAX_IPV6_LENGTH) return false;
  const gap = text.indexOf("::");
  if (gap < 0) return countGroups(text, true) === 8;
  const before = text.slice(0, gap);
  const after = text.slice(gap + 2);
  return (before === "" ? 0 : countGroups(before, false)) +
      (after === "" ? 0 : countGroups(after, true)) <= 7;
}

/** How many groups a text without "::" has; Infinity where one of them is none. */
function countGroups(text: string, mayEndInIPv4: boolean): number {
  const groups = text.split(":");
  const last = groups.length - 1;
  let count = 0;
  for (const [index, group] of groups.entries()) {
    if (isHexGroup(group)) count += 1;
    else if (index === last && mayEndInIPv4 && isIPv4(group)) count += 2;
    else return Infinity;
  }
  return count;
}

function isHexGroup(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const lower = code | 0x20;
    if (!isDigit(code) && !(lower >= 0x61 && lower <= 0x66)) return false;
  }
  return text.length >= 1 && text.length <= 4;
}

function isIPv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 &&
    parts.every((part) =>
      isDecimal(part, 3) && String(Number(part)) === part && Number(part) < 256
    );
}

function isDecimal(text: string, maxDigits: number): boolean {
  for (let i = 0; i < text.length; i++) {
    if (!isDigit(text.charCodeAt(i))) return false;
  }
  return text.length >= 1 && text.length <= maxDigits;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
