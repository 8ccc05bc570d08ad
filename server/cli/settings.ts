import { z } from "zod";
import { parseAddressRange } from "../address_range.ts";
import { DEFLATE_DEFAULTS, deflateOptionFault } from "../deflate/options.ts";
import { DEFAULT_LIMITS, limitFault, type Limits } from "../limits.ts";
import { FORWARDED_HEADERS, type ForwardedHeader } from "../proxy/forwarded.ts";
import { adminFault, tokenFault } from "./admin_settings.ts";

/** One setting of `fourtuple serve`: the same in flags, environment and configuration file. */
export interface Setting {
  /** Its name in the configuration file; the flag and the variable are made from it. */
  readonly name: string;
  /** What stands for its value in the help. */
  readonly placeholder: string;
  /** What it does. */
  readonly help: string;
  /** What it may be. */
  readonly schema: z.ZodType;
  /** How its text in a flag or a variable becomes a value. */
  readonly kind: "text" | "integer" | "list" | "switch";
  /** What holds where it is not set, for the help. */
  readonly fallback?: string | number | boolean;
  /** Whether its value must not be shown. */
  readonly secret?: boolean;
}

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
  /** A file that what operators did is added to. */
  auditLog?: string;
  /** The limits that were set. */
  limits: Partial<Limits>;
}

/** What holds where nothing is set, but for the limits, whose defaults are the server's. */
const DEFAULTS = {
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

const LIMITS_HELP: Readonly<Record<keyof Limits, string>> = {
  messageBytes:
    "Largest message; larger ones end in 1009; talk takes 4194304 unless told otherwise, relay any",
  messageFragments: "Most frames of one message; more end in 1008",
  headLineBytes: "Longest line of a request's head; longer ones get 414 or 431",
  headHeaders: "Most headers of a request; more get 431",
  headBytes: "Largest head of a request; larger ones get 431",
  handshakes: "Most unfinished handshakes; then the oldest is cut",
  handshakeTimeout: "Longest handshake, in ms; then it is cut",
  connections: "Most connections; more get 503 (default: descriptors less a reserve)",
  connectionsPerAddress: "Most connections of one address; more get 429 (default: off)",
  sendQueueBytes: "Most bytes that wait for a slow peer",
  whenFull: "What a full send queue means: close, drop or wait; talk waits unless told otherwise",
  pingInterval: "How often a connection is pinged, in ms",
  missedPings: "Unanswered pings in a row that end a connection",
  closeTimeout: "Longest closing handshake, in ms; then it is cut",
  lingerBytes: "Most that a refused peer may still send",
  streamTimeout:
    "Longest silence in the middle of a message that is streamed, in ms; then it ends in 1011",
};

/** Takes whatever a function finds nothing wrong with. */
function anything(faultOf: (value: unknown) => string | undefined): z.ZodType {
  return z.unknown().superRefine((value, context) => {
    const message = faultOf(value);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });
}

const limitSettings = (Object.keys(LIMITS_HELP) as (keyof Limits)[]).map((name): Setting => ({
  name,
  placeholder: name === "whenFull" ? "POLICY" : "N",
  help: LIMITS_HELP[name],
  schema: anything((value) => limitFault(name, value)),
  kind: name === "whenFull" ? "text" : "integer",
  ...DEFAULT_LIMITS[name] !== undefined && { fallback: DEFAULT_LIMITS[name] },
}));

const text = z.string("expected a text").min(1, "expected a text that is not empty");

function choice(...values: readonly string[]): z.ZodType {
  return z.enum(values, `expected one of ${values.join(", ")}`);
}

function integer(least: number, most: number): z.ZodType {
  const message = `expected an integer from ${least} to ${most}`;
  const fits = (value: number): boolean =>
    Number.isInteger(value) && value >= least && value <= most;
  return z.number(message).refine(fits, message);
}

/** A text in which a function finds the faults. */
function checked(faultOf: (text: string) => string | undefined): z.ZodType {
  return z.string("expected a text").superRefine((value, context) => {
    const message = faultOf(value);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });
}

function rangeFault(value: string): string | undefined {
  try {
    parseAddressRange(value);
  } catch {
    return "expected an address such as 10.0.0.1, or a network such as 10.0.0.0/8";
  }
}

function isOrigin(value: string): boolean {
  return value === "*" || URL.parse(value)?.origin === value;
}

/** More processes than any host has a use for. */
const MOST_WORKERS = 1_024;

/**
 * Finds what is wrong with a number of workers.
 *
 * @param value The number, or `auto`.
 * @param os The system.
 * @returns What was expected, or `undefined` when the value is good.
 */
export function workersFault(value: unknown, os: typeof Deno.build.os): string | undefined {
  const fits = Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MOST_WORKERS;
  if (value !== "auto" && !fits) return `expected an integer from 1 to ${MOST_WORKERS}, or "auto"`;
  if (os === "linux" || value === 1) return undefined;
  return "expected 1, as only Linux shares a port out among processes";
}

/** All settings, in the order of the help. */
export const SETTINGS: readonly Setting[] = [
  {
    name: "app",
    placeholder: "NAME",
    help: "What is served: talk (a page to talk on), echo, broadcast, or relay (messages of any " +
      "size go on to all others while they arrive; one worker)",
    schema: choice("talk", "echo", "broadcast", "relay"),
    kind: "text",
    fallback: DEFAULTS.app,
  },
  {
    name: "host",
    placeholder: "ADDRESS",
    help: "Address to listen on; 0.0.0.0 or :: for all",
    schema: text,
    kind: "text",
    fallback: DEFAULTS.host,
  },
  {
    name: "port",
    placeholder: "N",
    help: "Port to listen on; 0 for any that is free",
    schema: integer(0, 65_535),
    kind: "integer",
    fallback: DEFAULTS.port,
  },
  {
    name: "tlsCert",
    placeholder: "FILE",
    help: "Certificate chain in PEM, for TLS",
    schema: text,
    kind: "text",
  },
  {
    name: "tlsKey",
    placeholder: "FILE",
    help: "Private key in PEM, for TLS",
    schema: text,
    kind: "text",
  },
  {
    name: "origin",
    placeholder: "ORIGIN",
    help: 'Origin whose pages may connect, such as https://example.com, or "*" for all; ' +
      "several times or with commas between them (default: the server's own host)",
    schema: z.array(
      z.string("expected a text").refine(
        isOrigin,
        'expected an origin such as https://a.example, or "*"',
      ),
      "expected a list of texts",
    ),
    kind: "list",
  },
  {
    name: "trustedProxy",
    placeholder: "NETWORK",
    help: "Address or network of proxies whose word about a client's address counts, such as " +
      "10.0.0.0/8; several times or with commas between them (default: none)",
    schema: z.array(checked(rangeFault), "expected a list of texts"),
    kind: "list",
  },
  {
    name: "proxyProtocol",
    placeholder: "",
    help:
      "Connections from trusted proxies begin with a PROXY header, version 1 or 2; those that " +
      "do not are refused",
    schema: z.boolean("expected true or false"),
    kind: "switch",
    fallback: DEFAULTS.proxyProtocol,
  },
  {
    name: "forwardedHeader",
    placeholder: "HEADER",
    help: `Header in which trusted proxies tell the client: ${FORWARDED_HEADERS.join(" or ")}`,
    schema: choice(...FORWARDED_HEADERS),
    kind: "text",
  },
  {
    name: "figures",
    placeholder: "",
    help: "Show the server's totals on the talk page; --no-figures hides them",
    schema: z.boolean("expected true or false"),
    kind: "switch",
    fallback: DEFAULTS.figures,
  },
  {
    name: "logFormat",
    placeholder: "FORMAT",
    help: "How log lines look: pretty or json",
    schema: choice("pretty", "json"),
    kind: "text",
    fallback: DEFAULTS.logFormat,
  },
  {
    name: "logLevel",
    placeholder: "LEVEL",
    help: "The least that is logged: debug, info, warning or error",
    schema: choice("debug", "info", "warning", "error"),
    kind: "text",
    fallback: DEFAULTS.logLevel,
  },
  {
    name: "workers",
    placeholder: "N",
    help: 'Processes that share the port, or "auto" for one for each core; limits, such as ' +
      "--connections, count in each by itself",
    schema: anything((value) => workersFault(value, Deno.build.os)),
    kind: "integer",
    fallback: DEFAULTS.workers,
  },
  {
    name: "drainDeadline",
    placeholder: "N",
    help: "Longest drain after SIGTERM or SIGINT, in ms; then what is left is cut",
    schema: integer(0, 2_147_483_647),
    kind: "integer",
    fallback: DEFAULTS.drainDeadline,
  },
  {
    name: "deflate",
    placeholder: "",
    help: "Compress messages for clients that can do so too (permessage-deflate); the start says " +
      "what that costs",
    schema: z.boolean("expected true or false"),
    kind: "switch",
    fallback: DEFAULTS.deflate,
  },
  {
    name: "deflateThreshold",
    placeholder: "N",
    help: "Messages with fewer bytes are not compressed",
    schema: anything((value) => deflateOptionFault("threshold", value)),
    kind: "integer",
    fallback: DEFAULTS.deflateThreshold,
  },
  {
    name: "deflateLevel",
    placeholder: "N",
    help: "How hard to compress, 1 to 9",
    schema: anything((value) => deflateOptionFault("level", value)),
    kind: "integer",
    fallback: DEFAULTS.deflateLevel,
  },
  {
    name: "deflateMemoryLevel",
    placeholder: "N",
    help: "Memory for compressing besides the window, 1 to 9",
    schema: anything((value) => deflateOptionFault("memoryLevel", value)),
    kind: "integer",
    fallback: DEFAULTS.deflateMemoryLevel,
  },
  {
    name: "deflateWindowBits",
    placeholder: "N",
    help: "Largest window, as the base-2 logarithm of its bytes, 8 to 15",
    schema: anything((value) => deflateOptionFault("windowBits", value)),
    kind: "integer",
    fallback: DEFAULTS.deflateWindowBits,
  },
  {
    name: "deflateContextTakeover",
    placeholder: "",
    help: "Keep windows from one message to the next: smaller messages, but memory for each " +
      "connection, also while it is idle",
    schema: z.boolean("expected true or false"),
    kind: "switch",
    fallback: DEFAULTS.deflateContextTakeover,
  },
  {
    name: "admin",
    placeholder: "HOST:PORT",
    help: "Where the ops port listens: dashboard, metrics and API; beyond this host it demands a " +
      "token (default: there is none)",
    schema: checked(adminFault),
    kind: "text",
  },
  {
    name: "adminToken",
    placeholder: "TOKEN",
    help: "What the ops port asks for, at least 16 characters; everybody on this host sees it in " +
      "the list of processes: better use the variable or a file",
    schema: checked(tokenFault),
    kind: "text",
    secret: true,
  },
  {
    name: "adminTokenFile",
    placeholder: "FILE",
    help: "File that holds the token",
    schema: text,
    kind: "text",
  },
  {
    name: "auditLog",
    placeholder: "FILE",
    help: "File to which what operators do is added, as JSON lines; the log has it as well",
    schema: text,
    kind: "text",
  },
  ...limitSettings,
];

/** The names of the settings that are limits. */
const LIMIT_SETTINGS: ReadonlySet<string> = new Set(Object.keys(LIMITS_HELP));

/**
 * Completes the settings that were found, which are known to be good, with the defaults.
 *
 * @param values The values by name.
 * @returns All settings.
 */
export function completeSettings(values: Readonly<Record<string, unknown>>): Settings {
  const entries = Object.entries(values);
  return {
    ...DEFAULTS,
    ...Object.fromEntries(entries.filter(([name]) => !LIMIT_SETTINGS.has(name))),
    limits: Object.fromEntries(entries.filter(([name]) => LIMIT_SETTINGS.has(name))),
  };
}
