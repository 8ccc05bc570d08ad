/**
 * Decides whether a page may connect (RFC 6455 10.2). Browsers send the page's origin with every
 * handshake, and nothing else stops a page from connecting to a server that its user can reach.
 *
 * @module
 */

/** Longer names are cut where they are shown. */
const MAX_SHOWN = 100;

/**
 * The origin of something that is no web page, as its shell writes it: `file://`,
 * `tauri://localhost`.
 */
const OTHER_ORIGIN_REGEXP = /^[a-z][a-z0-9+.-]*:\/\/[A-Za-z0-9._~:[\]-]*$/;

/** The schemes whose origins are compared as URLs, with host and port. */
const WEB_SCHEMES: readonly string[] = ["http:", "https:"];

/**
 * Finds out why a text names no origins that may connect. It must be one of these:
 *
 * - `https://a.example`, `http://a.example:8080`: compared as a URL;
 * - `https://*.a.example`: all its subdomains, of any depth, but not itself;
 * - `capacitor://localhost`, `chrome-extension://abc`, `file://`: compared as text;
 * - `null`: every page that has no origin of its own, such as one in a sandboxed frame.
 *
 * @param text The text.
 * @returns The reason why it is not valid; `undefined` where it is.
 */
export function originProblem(text: string): string | undefined {
  try {
    parseOrigin(text);
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    throw error;
  }
}

/** A list of origins that may connect. */
export class AllowedOrigins {
  readonly #matchers: readonly OriginMatcher[];

  /**
   * @param origins The list, each as {@linkcode originProblem} describes it.
   * @throws {TypeError} Naming each that is not valid, and why.
   */
  constructor(origins: readonly string[]) {
    const problems: string[] = [];
    this.#matchers = origins.flatMap((text, at) => {
      const problem = typeof text === "string" ? originProblem(text) : "expected a text";
      if (problem === undefined) return [parseOrigin(text)];
      problems.push(`origins[${at}]: ${problem}`);
      return [];
    });
    if (problems.length > 0) {
      throw new TypeError(`Cannot serve pages of these origins: ${problems.join("; ")}`);
    }
  }

  /**
   * Tells whether an origin is on the list.
   *
   * @param origin The value of an Origin header.
   */
  has(origin: string): boolean {
    const page = URL.parse(origin);
    return this.#matchers.some((matches) => matches(origin, page));
  }
}

/** Tells whether an origin is meant, as text or as the URL that it makes. */
type OriginMatcher = (origin: string, page: URL | null) => boolean;

function parseOrigin(text: string): OriginMatcher {
  if (text === "null") return (origin) => origin === text;
  const isPattern = /^https?:\/\/\*\./i.test(text);
  const url = URL.parse(isPattern ? text.replace("*.", "") : text);
  if (url === null || !WEB_SCHEMES.includes(url.protocol)) {
    if (/^wss?:/i.test(text)) {
      throw new SyntaxError("expected the page's own origin, which begins with https: or http:");
    }
    if (OTHER_ORIGIN_REGEXP.test(text) && !/^https?:/i.test(text)) {
      return (origin) => origin === text;
    }
    throw new SyntaxError(
      'expected an origin such as https://a.example or https://*.a.example, or "*" alone for all',
    );
  }
  if (/[/?#@]/.test(text.replace(/^https?:\/\//i, "").replace(/\/$/, ""))) {
    throw new SyntaxError("expected scheme, host and port alone, as browsers send no more");
  }
  if (!isPattern) {
    if (text.includes("*")) {
      throw new SyntaxError(
        'expected "*" only at the beginning of the host, as in https://*.a.example',
      );
    }
    return (_, page) => page?.origin === url.origin;
  }
  const { protocol, port, hostname } = url;
  if (hostname.includes("*") || hostname.startsWith("[") || /(?:^|\.)[0-9]+$/.test(hostname)) {
    throw new SyntaxError('expected a name behind "*."');
  }
  if (!hostname.includes(".") && hostname !== "localhost") {
    throw new SyntaxError(
      'expected a name of two labels at least behind "*.", or everybody could have one',
    );
  }
  const suffix = `.${hostname}`;
  return (_, page) =>
    page !== null && page.protocol === protocol && page.port === port &&
    page.hostname.endsWith(suffix);
}

/**
 * Decides whether a page may connect.
 *
 * @param origin The Origin header; `undefined` when the request has none and so comes from no page.
 * @param host The host that the request is for, with its port unless it is the default one.
 * @param allowed The origins that may; `"*"` for all; `undefined` for those of the same host.
 * @returns Whether the origin may connect. Hosts and origins are compared as parsed, never as text.
 */
export function isOriginAllowed(
  origin: string | undefined,
  host: string,
  allowed: AllowedOrigins | "*" | undefined,
): boolean {
  if (origin === undefined || allowed === "*") return true;
  if (allowed !== undefined) return allowed.has(origin);
  const page = URL.parse(origin);
  // "null" stands for a page without an origin, such as a sandboxed frame: it is nobody's.
  if (page === null || page.origin === "null") return false;
  // A proxy may speak TLS for us, so the scheme is the page's, and decides about the default port.
  return URL.parse(`${page.protocol}//${host}`)?.host === page.host;
}

/**
 * Writes an origin so that a log can hold it, whatever a peer has sent.
 *
 * @param origin The value of an Origin header.
 * @returns At most some hundred characters of ASCII, in quotes.
 */
export function shownOrigin(origin: string): string {
  const shown = origin.length > MAX_SHOWN ? `${origin.slice(0, MAX_SHOWN)}…` : origin;
  return JSON.stringify(shown).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
