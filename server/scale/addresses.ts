import type { HostLimits } from "../host/host.ts";

/** Source ports of an address that are planned with: some are in use by others, or were lately. */
const USABLE_PORTS = 0.8;

/** Linux's default range, where the host's cannot be read. */
const DEFAULT_PORTS = { first: 32_768, last: 60_999 };

/**
 * Returns the source ports that the kernel gives out on a host.
 *
 * @param limits The host's limits.
 */
export function sourcePorts(limits: HostLimits): { first: number; last: number } {
  return limits.ephemeralPorts ?? DEFAULT_PORTS;
}

/**
 * Chooses addresses of 127.0.0.0/8, so many that each client process has enough source ports on its
 * own ones.
 *
 * @param clients How many client processes.
 * @param connectionsPerClient Connections that each of them opens.
 * @param limits The host's limits.
 * @returns 127.0.0.2 and those after it.
 */
export function loopbackAddresses(
  clients: number,
  connectionsPerClient: number,
  limits: HostLimits,
): string[] {
  const { first, last } = sourcePorts(limits);
  const each = Math.max(1, Math.ceil(connectionsPerClient / ((last - first + 1) * USABLE_PORTS)));
  return Array.from({ length: clients * each }, (_, index) => loopbackAddress(index));
}

/** 127.0.0.2, 127.0.0.3 and so on; the last octet is never 0 or 255. */
function loopbackAddress(index: number): string {
  const place = index + 1;
  return `127.${place / 64_516 & 255}.${Math.floor(place / 254) % 254}.${place % 254 + 1}`;
}
