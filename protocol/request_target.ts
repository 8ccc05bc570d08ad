const SPACE = 0x20;
const HASH = 0x23;
const DEL = 0x7f;

/** The beginning of an absolute target; RFC 6455 3 has ws and wss for the same resources. */
const SCHEMES: readonly string[] = ["http://", "https://", "ws://", "wss://"];

/** The two parts of a request target (RFC 9112 3.2). */
export interface RequestTarget {
  /** The host of an absolute target, perhaps with a port, and not looked at; otherwise `undefined`. */
  readonly host: string | undefined;
  /** Path and query, beginning with `/`, or `*`. */
  readonly path: string;
}

/**
 * Finds out why a text is no request target: visible ASCII without a fragment, in origin form, in
 * absolute form for http, https, ws or wss, or `*` (RFC 9112 3.2, RFC 6455 4.2.1).
 *
 * @param target The text.
 * @returns The fault and the expectation, without anything of the text; `undefined` where it is
 * one. The host of an absolute form is not looked at.
 */
export function targetFault(target: string): string | undefined {
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i);
    if (code === SPACE) return "Request target holds a blank: write it as %20";
    if (code < SPACE || code === DEL) return "Request target holds a control character";
    if (code > DEL) return "Request target is not ASCII: write UTF-8 with percent signs";
    if (code === HASH) return "Request target holds a #: a fragment is not sent, or written as %23";
  }
  return target.startsWith("/") || target === "*" || authorityStartOf(target) > 0
    ? undefined
    : "Request target is neither a path nor a URL of http, https, ws or wss";
}

/**
 * Takes a request target apart.
 *
 * @param target The target, which {@linkcode targetFault} finds nothing wrong with.
 * @returns Its parts.
 */
export function splitTarget(target: string): RequestTarget {
  const start = authorityStartOf(target);
  if (start === 0) return { host: undefined, path: target };
  let end = start;
  while (end < target.length && !"/?".includes(target[end]!)) end++;
  const pathAndQuery = target.slice(end);
  return {
    host: target.slice(start, end),
    path: pathAndQuery.startsWith("/") ? pathAndQuery : `/${pathAndQuery}`,
  };
}

/**
 * Makes the URL of a request (RFC 9112 3.3). A path is never read relative to another URL: of `//a/b`
 * that would take `a` for a host, and of `//[` make no URL at all.
 *
 * @param request Its parts: `path` begins with a slash; only HTTP/1.0 may leave the host out.
 * @param scheme How it came.
 * @returns The URL, in a new object. Each request that the parser accepts has one.
 *
 * @example
 * ```ts
 * import { requestUrl } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const { href } = requestUrl({ host: "example.com", path: "//chat?room=1" }, "https");
 * assertEquals(href, "https://example.com//chat?room=1");
 * ```
 */
export function requestUrl(
  { host = "localhost", path }: RequestTarget,
  scheme: "http" | "https",
): URL {
  return new URL(`${scheme}://${host}${path}`);
}

/** Where the host of an absolute target begins, 0 for other targets (RFC 9112 3.2.2). */
function authorityStartOf(target: string): number {
  if (target.startsWith("/")) return 0;
  const beginning = target.slice(0, 8).toLowerCase();
  return SCHEMES.find((scheme) => beginning.startsWith(scheme))?.length ?? 0;
}
