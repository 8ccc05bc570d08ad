import { DEFLATE_DEFAULTS } from "../../connection/deflate/options.ts";
import type { ForwardedHeader } from "../../http/proxy/forwarded.ts";
import { LIMIT_NAMES, type Limits } from "../../limits.ts";

/** The values of all settings, those with a default completed. */
export interface Settings {
  /** Which app is served. */
  app: "talk" | "echo" | "broadcast" | "relay";
  /** The address to listen on. */
  host: string;
  /** The port to listen on. */
  port: number;
  /** A file with the certificate chain. */
  tlsCert?: string;
  /** A file with the private key. */
  tlsKey?: string;
  /** The origins whose pages may connect. */
  origin?: string[];
  /** The addresses and networks of proxies whose word about a client counts. */
  trustedProxy?: string[];
  /** Whether their connections begin with a PROXY header. */
  proxyProtocol: boolean;
  /** The request header in which they tell the client. */
  forwardedHeader?: ForwardedHeader;
  /** Whether the talk page shows the server's totals. */
  figures: boolean;
  /** How log lines look. */
  logFormat: "pretty" | "json";
  /** Which log lines are left out. */
  logLevel: "debug" | "info" | "warning" | "error";
  /** How many processes serve; one for each core with `auto`. */
  workers: number | "auto";
  /** How long a drain may take, in milliseconds. */
  drainDeadline: number;
  /** Whether messages are compressed. */
  deflate: boolean;
  /** Messages with fewer bytes are not. */
  deflateThreshold: number;
  /** How hard to try. */
  deflateLevel: number;
  /** The memory that it takes besides the window. */
  deflateMemoryLevel: number;
  /** The largest window. */
  deflateWindowBits: number;
  /** Whether windows are kept from one message to the next. */
  deflateContextTakeover: boolean;
  /** Where the ops port listens. */
  admin?: string;
  /** What the ops port asks for; from `adminTokenFile` where that is set. */
  adminToken?: string;
  /** A file that holds the token. */
  adminTokenFile?: string;
  /** Names by which the ops port is reached besides. */
  adminHost?: string[];
  /** A file that what operators did is added to. */
  auditLog?: string;
  /** The limits that were set. */
  limits: Partial<Limits>;
}

/** What holds where nothing is set, but for the limits, whose defaults are the server's. */
export const SETTING_DEFAULTS = {
  app: "talk",
  host: "127.0.0.1",
  port: 8_080,
  proxyProtocol: false,
  figures: true,
  logFormat: "pretty",
  logLevel: "info",
  workers: 1,
  drainDeadline: 30_000,
  deflate: false,
  deflateThreshold: DEFLATE_DEFAULTS.threshold,
  deflateLevel: DEFLATE_DEFAULTS.level,
  deflateMemoryLevel: DEFLATE_DEFAULTS.memoryLevel,
  deflateWindowBits: DEFLATE_DEFAULTS.windowBits,
  deflateContextTakeover: DEFLATE_DEFAULTS.contextTakeover,
} as const satisfies Partial<Settings>;

/**
 * Completes the settings that were found, which are known to be good, with the defaults.
 *
 * @param values The values by name.
 * @returns All settings.
 */
export function completeSettings(values: Readonly<Record<string, unknown>>): Settings {
  const entries = Object.entries(values);
  return {
    ...SETTING_DEFAULTS,
    ...Object.fromEntries(entries.filter(([name]) => !LIMIT_NAMES.has(name))),
    limits: Object.fromEntries(entries.filter(([name]) => LIMIT_NAMES.has(name))),
  };
}
