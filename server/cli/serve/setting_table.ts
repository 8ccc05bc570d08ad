import type { z } from "zod";
import { deflateOptionProblem } from "../../connection/deflate/options.ts";
import { FORWARDED_HEADERS } from "../../http/proxy/forwarded.ts";
import { DEFAULT_LIMITS, limitProblem, type Limits } from "../../limits.ts";
import { adminProblem, tokenProblem } from "./admin_settings.ts";
import {
  addressRanges,
  anything,
  checked,
  choice,
  hosts,
  integer,
  origins,
  text,
  toggle,
  workersProblem,
} from "./setting_schemas.ts";
import { SETTING_DEFAULTS } from "./settings.ts";

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

const LIMITS_HELP: Readonly<Record<keyof Limits, string>> = {
  messageBytes:
    "Largest message; larger ones end in 1009; talk takes 4194304 unless told otherwise, relay any",
  messageFragments: "Most frames of one message; more end in 1008",
  headLineBytes: "Longest line of a request's head; longer ones get 414 or 431",
  headHeaders: "Most headers of a request; more get 431",
  headBytes: "Largest head of a request; larger ones get 431",
  bodyBytes: "Largest body of a request; larger ones get 413",
  handshakes: "Most unfinished handshakes; then the oldest of the address with the most is cut",
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
  messageTimeout: "How long a message may bring less than 64 KiB and not end, in ms; then 1008",
  unfinishedBytes:
    "Most bytes that unfinished messages hold together; then the largest ends in 1013",
  connectionTopics: "Most topics that one connection subscribes to",
  topicBytes: "Longest name of a topic, at most 255",
  topics: "Most topics with subscribers",
};

const limitSettings = (Object.keys(LIMITS_HELP) as (keyof Limits)[]).map((name): Setting => ({
  name,
  placeholder: name === "whenFull" ? "POLICY" : "N",
  help: LIMITS_HELP[name],
  schema: anything((value) => limitProblem(name, value)),
  kind: name === "whenFull" ? "text" : "integer",
  ...DEFAULT_LIMITS[name] !== undefined && { fallback: DEFAULT_LIMITS[name] },
}));

/** All settings, in the order of the help. */
export const SETTINGS: readonly Setting[] = [
  {
    name: "app",
    placeholder: "NAME",
    help: "What is served: talk (a page to talk on), echo, broadcast, or relay (messages of any " +
      "size go on to all others while they arrive; one worker)",
    schema: choice("talk", "echo", "broadcast", "relay"),
    kind: "text",
    fallback: SETTING_DEFAULTS.app,
  },
  {
    name: "host",
    placeholder: "ADDRESS",
    help: "Address to listen on; 0.0.0.0 or :: for all",
    schema: text,
    kind: "text",
    fallback: SETTING_DEFAULTS.host,
  },
  {
    name: "port",
    placeholder: "N",
    help: "Port to listen on; 0 for any that is free",
    schema: integer(0, 65_535),
    kind: "integer",
    fallback: SETTING_DEFAULTS.port,
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
    help:
      "Origin whose pages may connect, such as https://example.com, https://*.example.com for all " +
      'subdomains, capacitor://localhost, null, or "*" for all; ' +
      "several times or with commas between them (default: the server's own host)",
    schema: origins,
    kind: "list",
  },
  {
    name: "trustedProxy",
    placeholder: "NETWORK",
    help: "Address or network of proxies whose word about a client's address counts, and at the " +
      "ops port about a request's host and scheme, such as 10.0.0.0/8; several times or with commas between them (default: none)",
    schema: addressRanges,
    kind: "list",
  },
  {
    name: "proxyProtocol",
    placeholder: "",
    help:
      "Connections from trusted proxies begin with a PROXY header, version 1 or 2; those that " +
      "do not are refused",
    schema: toggle,
    kind: "switch",
    fallback: SETTING_DEFAULTS.proxyProtocol,
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
    schema: toggle,
    kind: "switch",
    fallback: SETTING_DEFAULTS.figures,
  },
  {
    name: "logFormat",
    placeholder: "FORMAT",
    help: "How log lines look: pretty or json",
    schema: choice("pretty", "json"),
    kind: "text",
    fallback: SETTING_DEFAULTS.logFormat,
  },
  {
    name: "logLevel",
    placeholder: "LEVEL",
    help: "The least that is logged: debug, info, warning or error",
    schema: choice("debug", "info", "warning", "error"),
    kind: "text",
    fallback: SETTING_DEFAULTS.logLevel,
  },
  {
    name: "workers",
    placeholder: "N",
    help: 'Processes that share the port, or "auto" for one for each core; limits, such as ' +
      "--connections, count in each by itself",
    schema: anything((value) => workersProblem(value, Deno.build.os)),
    kind: "integer",
    fallback: SETTING_DEFAULTS.workers,
  },
  {
    name: "drainDeadline",
    placeholder: "N",
    help: "Longest drain, in ms; then what is left is cut",
    schema: integer(0, 2_147_483_647),
    kind: "integer",
    fallback: SETTING_DEFAULTS.drainDeadline,
  },
  {
    name: "deflate",
    placeholder: "",
    help: "Compress messages for clients that can do so too (permessage-deflate); the start says " +
      "what that costs",
    schema: toggle,
    kind: "switch",
    fallback: SETTING_DEFAULTS.deflate,
  },
  {
    name: "deflateThreshold",
    placeholder: "N",
    help: "Messages with fewer bytes are not compressed",
    schema: anything((value) => deflateOptionProblem("threshold", value)),
    kind: "integer",
    fallback: SETTING_DEFAULTS.deflateThreshold,
  },
  {
    name: "deflateLevel",
    placeholder: "N",
    help: "How hard to compress, 1 to 9",
    schema: anything((value) => deflateOptionProblem("level", value)),
    kind: "integer",
    fallback: SETTING_DEFAULTS.deflateLevel,
  },
  {
    name: "deflateMemoryLevel",
    placeholder: "N",
    help: "Memory for compressing besides the window, 1 to 9",
    schema: anything((value) => deflateOptionProblem("memoryLevel", value)),
    kind: "integer",
    fallback: SETTING_DEFAULTS.deflateMemoryLevel,
  },
  {
    name: "deflateWindowBits",
    placeholder: "N",
    help: "Largest window, as the base-2 logarithm of its bytes, 8 to 15",
    schema: anything((value) => deflateOptionProblem("windowBits", value)),
    kind: "integer",
    fallback: SETTING_DEFAULTS.deflateWindowBits,
  },
  {
    name: "deflateContextTakeover",
    placeholder: "",
    help: "Keep windows from one message to the next: smaller messages, but memory for each " +
      "connection, also while it is idle",
    schema: toggle,
    kind: "switch",
    fallback: SETTING_DEFAULTS.deflateContextTakeover,
  },
  {
    name: "admin",
    placeholder: "HOST:PORT",
    help: "Where the ops port listens: dashboard, metrics and API; beyond this host it demands a " +
      "token (default: there is none)",
    schema: checked(adminProblem),
    kind: "text",
  },
  {
    name: "adminToken",
    placeholder: "TOKEN",
    help: "What the ops port asks for, at least 16 characters; everybody on this host sees it in " +
      "the list of processes: better use the variable or a file",
    schema: checked(tokenProblem),
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
    name: "adminHost",
    placeholder: "NAME",
    help: "Name by which the ops port is reached besides addresses, localhost and the host of " +
      "--admin, such as that of a proxy; with its port where that is not 80 or 443 and the page is " +
      "used; several times or with commas between them",
    schema: hosts,
    kind: "list",
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
