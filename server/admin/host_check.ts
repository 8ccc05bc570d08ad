import { isHost } from "../../protocol/mod.ts";
import { canonicalAddress } from "../four_tuple.ts";
import { isOriginAllowed } from "../origin.ts";
import { Problem } from "./problem.ts";

/**
 * Reads the `Host` of a request. It has to be done before anything else: the request's URL is made
 * of it, and cannot be read when it is none.
 *
 * @param headers The request's header fields.
 * @returns The host, with its port if it has one.
 * @throws {Problem} 400 when there is none, or it is none (RFC 9112 3.2).
 */
export function hostOf(headers: Headers): string {
  const host = headers.get("host");
  if (host === null || !isHost(host)) {
    throw new Problem(400, "Expected a Host header with a name or an address");
  }
  return host;
}

/**
 * Refuses a host that is not ours. A page from elsewhere can have its own name lead to our address
 * (DNS rebinding), and then shares an origin with us; but it cannot have the name of an address.
 *
 * @param host The request's host, as {@linkcode hostOf} gives it.
 * @param own The name that the ops port was given; any address and `localhost` are ours too.
 * @throws {Problem} 421
 */
export function checkHost(host: string, own: string): void {
  const name = nameOf(host).toLowerCase();
  if (name === "localhost" || name === own.toLowerCase() || isAddress(name)) return;
  throw new Problem(421, "Expected an address, localhost or the ops port's own name as the host");
}

/**
 * Refuses a request that a page of another origin has its browser send.
 *
 * @param headers The request's header fields.
 * @param host The request's host, which was checked.
 * @throws {Problem} 403
 */
export function checkOrigin(headers: Headers, host: string): void {
  const origin = headers.get("origin") ?? undefined;
  // Browsers send no Origin with a plain GET, but tell in this field where it came from.
  const site = headers.get("sec-fetch-site");
  const isForeign = site === "cross-site" || site === "same-site";
  if (isForeign || !isOriginAllowed(origin, host, undefined)) {
    throw new Problem(403, "A page of another origin may not ask this of the ops port");
  }
}

/**
 * Tells whether only this host can reach an address.
 *
 * @param hostname An address, or a name.
 */
export function isLoopback(hostname: string): boolean {
  if (hostname.toLowerCase() === "localhost") return true;
  if (!isAddress(hostname)) return false;
  const address = canonicalAddress(hostname);
  return address === "::1" || address.startsWith("127.");
}

/** A host without its port and its brackets. */
function nameOf(host: string): string {
  if (host.startsWith("[")) return host.slice(1, host.indexOf("]"));
  const colon = host.indexOf(":");
  return colon < 0 ? host : host.slice(0, colon);
}

/**
 * Tells whether a text is an address of IPv4 or IPv6.
 *
 * @param text The text.
 */
export function isAddress(text: string): boolean {
  try {
    canonicalAddress(text);
    return true;
  } catch {
    return false;
  }
}
