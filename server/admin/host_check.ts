import { isHost } from "../../protocol/mod.ts";
import { isOriginAllowed } from "../http/origin.ts";
import { canonicalAddress } from "../net/four_tuple.ts";
import type { TokenUse } from "./auth.ts";
import { Problem } from "./problem.ts";

/** What comes with each request: who it is from, and for which host. */
export interface Caller {
  /** The address that it came from. */
  readonly peer: string;
  /** The same with its port, as text. */
  readonly address: string;
  /** The request's `Host`, which is one, but not known to be ours; absent where it has none. */
  readonly host?: string;
}

/** By which names the ops port is reached. */
export interface OwnHosts {
  /** The address or name that it listens on. */
  readonly hostname: string;
  /**
   * Further names of it, with a port where pages are not on the default one of their scheme.
   *
   * @default none
   */
  readonly hosts?: readonly string[];
  /**
   * Tells whether an address is that of a proxy whose X-Forwarded-Host and -Proto count.
   *
   * @default nobody's count
   */
  readonly trusts?: (address: string) => boolean;
}

/**
 * Reads the `Host` of a request. It has to be done before anything else: the request's URL is made
 * of it, and cannot be read when it is none.
 *
 * @param headers The request's header fields.
 * @returns The host, with its port if it has one; `undefined` without any, as HTTP/1.0 may be.
 * @throws {Problem} 400 when it is none (RFC 9112 3.2).
 */
export function hostOf(headers: Headers): string | undefined {
  const host = headers.get("host") ?? undefined;
  if (host !== undefined && !isHost(host)) throw noHost();
  return host;
}

/**
 * Refuses a host that is not ours. A page from elsewhere can have its own name lead to our address
 * (DNS rebinding), and then shares an origin with us; but it cannot have the name of an address.
 *
 * @param caller Who asks.
 * @param headers The request's header fields.
 * @param own Our names; any address and `localhost` are ours too.
 * @throws {Problem} 400 without a host, 421 with another one.
 */
export function checkHost(caller: Caller, headers: Headers, own: OwnHosts): void {
  if (caller.host === undefined) throw noHost();
  // A proxy may have put our address in its place. That alone would have a page pass that came by it.
  const hosts = [caller.host, forwarded(caller, headers, own).host ?? caller.host];
  const names = ["localhost", own.hostname.toLowerCase(), ...own.hosts?.map(nameOf) ?? []];
  if (hosts.map(nameOf).every((name) => names.includes(name) || isAddress(name))) return;
  throw new Problem(
    421,
    "Expected an address, localhost or a name of the ops port as the host; --admin-host adds names",
  );
}

/**
 * Refuses a request that a page of another origin has its browser send.
 *
 * @param caller Who asks; its host was checked, unless the request is {@linkcode isFirstHand}.
 * @param headers The request's header fields.
 * @param own Our names.
 * @throws {Problem} 403
 */
export function checkOrigin(caller: Caller, headers: Headers, own: OwnHosts): void {
  const origin = headers.get("origin") ?? undefined;
  const { host, scheme } = forwarded(caller, headers, own);
  const hosts = [caller.host, host, ...own.hosts ?? []];
  const isOurs = scheme === undefined || origin === undefined || origin.startsWith(`${scheme}://`);
  if (isOurs && hosts.some((one) => isOriginAllowed(origin, one ?? "", undefined))) return;
  throw new Problem(403, "A page of another origin may not ask this of the ops port");
}

/**
 * Refuses what a browser itself says a page of another site sent, or of another origin of this site.
 *
 * @param headers The request's header fields.
 * @throws {Problem} 403
 */
export function checkSite(headers: Headers): void {
  // Browsers send no Origin with a plain GET, but tell in this field where it came from.
  const site = headers.get("sec-fetch-site");
  if (site !== "cross-site" && site !== "same-site") return;
  throw new Problem(403, "A page of another site may not ask this of the ops port");
}

/**
 * Tells whether a request can only be of somebody who has the token, by whatever name it came: no page
 * can set `Authorization` without knowing the token, nor send it elsewhere without asking first. A
 * proxy that adds the token for those who have logged in does so by their cookie, and a page's
 * WebSocket comes without asking: for these it matters where they come from.
 *
 * @param headers The request's header fields.
 * @param token The token that it came with.
 */
export function isFirstHand(headers: Headers, token: TokenUse): boolean {
  return token === "valid" && headers.has("authorization") && !headers.has("cookie") &&
    !headers.has("upgrade");
}

/** What a trusted proxy says of the request as it came to it; of several the last one, which is next to us. */
function forwarded(
  { peer }: Caller,
  headers: Headers,
  { trusts = () => false }: OwnHosts,
): { host?: string; scheme?: string } {
  if (!trusts(peer)) return {};
  const [host, proto] = ["x-forwarded-host", "x-forwarded-proto"]
    .map((name) => headers.get(name)?.split(",").at(-1)?.trim());
  // Some say it of a WebSocket as its own URL has it.
  const scheme = proto?.toLowerCase().replace(/^ws/, "http");
  if (host !== undefined && !isHost(host)) {
    throw new Problem(400, "Expected a name or an address as X-Forwarded-Host");
  }
  return { ...host !== undefined && { host }, ...scheme !== undefined && { scheme } };
}

function noHost(): Problem {
  return new Problem(400, "Expected a Host header with a name or an address");
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

/** A host without its port and its brackets, in small letters. */
function nameOf(host: string): string {
  if (host.startsWith("[")) return host.slice(1, host.indexOf("]")).toLowerCase();
  const colon = host.indexOf(":");
  return (colon < 0 ? host : host.slice(0, colon)).toLowerCase();
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
