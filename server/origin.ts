/**
 * Decides whether a page may connect (RFC 6455 10.2). Browsers send the page's origin with every
 * handshake, and nothing else stops a page from connecting to a server that its user can reach.
 *
 * @param origin The Origin header; `undefined` when the request has none and so no page behind it.
 * @param host The host that the request is for, with its port unless it is the default one.
 * @param allowed The origins that may; `"*"` for all; `undefined` for those of the same host.
 * @returns Whether the origin may connect. Hosts and origins are compared as parsed, never as text.
 */
export function isOriginAllowed(
  origin: string | undefined,
  host: string,
  allowed: readonly string[] | "*" | undefined,
): boolean {
  if (origin === undefined || allowed === "*") return true;
  // "null" stands for a page without an origin, such as a sandboxed frame: it is nobody's.
  if (origin === "null") return false;
  // Browser extensions and desktop shells have origins that no URL parser knows: those match as text.
  if (allowed?.includes(origin)) return true;
  const page = URL.parse(origin);
  if (page === null || page.origin === "null") return false;
  if (allowed !== undefined) return allowed.some((one) => URL.parse(one)?.origin === page.origin);
  // A proxy may speak TLS for us, so the scheme is the page's, and decides about the default port.
  return URL.parse(`${page.protocol}//${host}`)?.host === page.host;
}
