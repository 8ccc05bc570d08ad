/**
 * Tells whether a text is what a `Host` header may hold: a name, an IPv4 address or an IPv6 address
 * in brackets, then perhaps a colon and a port (RFC 9112 3.2, RFC 3986 3.2.2).
 *
 * Names are narrower than RFC 3986 has them: letters, digits, `-`, `.` and `_`. No name in use holds
 * percent signs or punctuation, and in a `Host` they serve only to be read in two ways. A host that no
 * URL can have, such as `1.2.3.4.5`, is not valid: a request is looked at by its URL.
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
    if (end === 0) return false;
    // No zone and no future version of IP; the rest of RFC 4291 2.2 is a URL's concern, below.
    for (let i = 1; i < end - 1; i++) {
      if (!isAddressCode(text.charCodeAt(i))) return false;
    }
  } else {
    const colon = text.indexOf(":");
    end = colon < 0 ? text.length : colon;
    if (end === 0) return false;
    for (let i = 0; i < end; i++) {
      if (!isNameCode(text.charCodeAt(i))) return false;
    }
  }
  if (end < text.length && !(text[end] === ":" && isPort(text.slice(end + 1)))) return false;
  // A URL must be able to name it: a name that ends in a number is an address to URLs, of `xn--` only
  // some follow the rules, and an IPv6 address has eight groups (RFC 4291 2.2).
  return URL.canParse(`http://${text}`);
}

function isAddressCode(code: number): boolean {
  const lower = code | 0x20;
  return isDigit(code) || (lower >= 0x61 && lower <= 0x66) || code === 0x3a || code === 0x2e;
}

function isNameCode(code: number): boolean {
  return isDigit(code) || (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) ||
    code === 0x2d || code === 0x2e || code === 0x5f;
}

/** RFC 3986 3.2.3: a port may be empty, which means the scheme's own. */
function isPort(text: string): boolean {
  return text === "" || (isDecimal(text, 5) && Number(text) <= 65_535);
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
