/**
 * The command line of `fourtuple connect`.
 *
 * @module
 */

import { encodeBase64 as encodeBase64Untyped } from "@std/encoding/base64";
import { HEAD_LIMITS } from "../../../client/connect.ts";
import type { HeadLimits } from "../../../protocol/mod.ts";
import { headLineProblem } from "../../limits.ts";
import { integerOption } from "../command/option_values.ts";
import { type Flags, parseArgs } from "../command/parse_args.ts";
import { firstLine, quote } from "../terminal/problems.ts";
import { MAX_MESSAGE } from "./connect_input.ts";
import { type PipeOptions, SILENCE } from "./connect_pipe.ts";

const encodeBase64: (bytes: Uint8Array) => string = encodeBase64Untyped;

/** How long a handshake may take unless told otherwise, in milliseconds. */
const DEFAULT_TIMEOUT = 10_000;

/** The longest time that can be given, in milliseconds: a day. */
const MAX_TIME = 86_400_000;

/** The largest head that can be asked for, in bytes. */
const MAX_HEAD = 16 * 2 ** 20;

/** A name of a header (RFC 9110 5.6.2), and a value that stays on its line. */
// deno-lint-ignore no-control-regex -- those are what may not be in it
const HEADER = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*$/;

/** A URL has a scheme; otherwise it begins with a host. */
const SCHEME = /^[a-z][a-z\d+.-]*:\/\//i;

/** The text of `--help`. */
export const CONNECT_HELP = `Usage: fourtuple connect [options] URL

Connects to a WebSocket server. The URL begins with ws:// or wss://, or with
http:// or https://, which mean the same; without any of these it is ws://.

At a terminal it is a conversation: a line is sent with Enter, what comes is
printed above it, a paste is one message, and /help lists the commands, such as
/ping, /file and /close. Ctrl-C closes, a second one cuts the connection.

Where standard input or output is no terminal, or with --execute, --binary,
--whole, --one-message or --json, each line of standard input is a text message,
and each message received is a line of output; binary ones are lines of base64
behind "base64:". It is read no faster than the server takes it. After the end of
input it waits for answers until ${SILENCE / 1000} s has passed without any, and closes. Ctrl-C
closes at once, and a second one does not wait for the server.

Options:
  -H, --header LINE
      Send this header too, as "Name: value"; can be given several times
  -s, --subprotocol NAME
      Offer this subprotocol; can be given several times, the best first
  -o, --origin URL
      Send this Origin, as browsers do
  --auth NAME:PASSWORD
      Send these as basic authentication; others on this machine can see them in
      the list of processes
  --ca FILE
      Trust the certificates in this PEM file too, for wss://
  -k, --insecure
      Take any certificate, for wss://: whoever stands between can read and change
      everything
  --deflate
      Offer compression (permessage-deflate, RFC 7692)
  --timeout MS
      Milliseconds that the handshake may take (default: ${DEFAULT_TIMEOUT})
  --head-line-bytes N
      Longest line of the head of the server's answer (default: ${HEAD_LIMITS.headLineBytes})
  --head-headers N
      Most headers of it (default: ${HEAD_LIMITS.headHeaders})
  --head-bytes N
      Largest head (default: ${HEAD_LIMITS.headBytes})
  -x, --execute TEXT
      Send this message instead of standard input; can be given several times
  -b, --binary
      Send what is read from standard input as binary messages, in the pieces in
      which it is read, and write what is received as it is, with no line ends
  --whole
      Send all of standard input as one message, of ${MAX_MESSAGE} bytes at most
  -1, --one-message
      Send one message, print one, and close
  -w, --wait SECONDS
      Close this long after the end of input, whatever comes
  -n, --no-close
      Do not close after the end of input: wait until the server does
  -E, --exit-on-eof
      Close at the end of input, and do not wait for answers
  --ping SECONDS
      Print the round trip again and again, with this time in between
  -P, --show-pings
      Print the Pings and Pongs of the server
  --json
      Print what happens as JSON lines: open, message, ping, pong, round_trip, head
      and closed
  -v, --verbose
      Print the heads of the handshake, without what is secret in them, and how it
      begins and ends
  -q, --quiet
      Print nothing but messages and problems
  -h, --help
      Print this text

  fourtuple connect localhost:8080
  echo hello | fourtuple connect ws://localhost:8080/
  fourtuple connect -x '{"type":"ping"}' -1 wss://example.com/socket

Exit codes: 0 closed with 1000, 1001 or without a code (1005), 1 cannot connect,
the handshake was refused, or the input is wrong, 2 wrong usage, 4 ended without
a Close frame (1006), 5 closed with another code, 129, 130, 131 or 143 ended by
a signal
`;

/** What was asked for. */
export interface ConnectOptions extends PipeOptions {
  /** Whether it is only the help. */
  readonly help: boolean;
  /** Where to connect to, without a name and a password. */
  readonly url: URL;
  readonly headers: Headers;
  readonly subprotocols: readonly string[];
  /** The file with certificates. */
  readonly ca?: string;
  /** Whether any certificate is taken. */
  readonly insecure: boolean;
  readonly deflate: boolean;
  /** Milliseconds. */
  readonly timeout: number;
  /** How large the head of the answer may be. */
  readonly head: HeadLimits;
  /** What to send instead of standard input. */
  readonly execute: readonly string[];
  readonly binary: boolean;
  readonly whole: boolean;
  /** Milliseconds between two measurements. */
  readonly ping?: number;
  readonly showPings: boolean;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly quiet: boolean;
}

const COLLECTED = ["header", "subprotocol", "execute"] as const;
const HEAD = ["head-line-bytes", "head-headers", "head-bytes"] as const;
const STRINGS = ["origin", "auth", "ca", "timeout", ...HEAD, "wait", "ping", ...COLLECTED] as const;
const SWITCHES = [
  "deflate",
  "binary",
  "whole",
  "one-message",
  "no-close",
  "exit-on-eof",
  "show-pings",
  "json",
  "verbose",
  "quiet",
  "insecure",
  "help",
] as const;

/**
 * Reads the command line.
 *
 * @param args The arguments after the command's name.
 * @param problems Gets a line for everything that is wrong.
 * @returns The options that were given; without a meaning where there are problems.
 */
export function readConnectOptions(args: readonly string[], problems: string[]): ConnectOptions {
  const flags: Flags = parseArgs(args, {
    string: STRINGS,
    boolean: SWITCHES,
    collect: COLLECTED,
    alias: {
      H: "header",
      s: "subprotocol",
      o: "origin",
      x: "execute",
      b: "binary",
      1: "one-message",
      w: "wait",
      n: "no-close",
      E: "exit-on-eof",
      P: "show-pings",
      v: "verbose",
      q: "quiet",
      k: "insecure",
      h: "help",
    },
    words: 1,
  }, problems);
  const help = flags.help === true;
  const headers = new Headers();
  const url = readUrl(flags, headers, help, problems);
  readHeaders(flags, headers, problems);
  const wait = secondsOption(flags, "wait", 0, problems);
  const ping = secondsOption(flags, "ping", 0.01, problems);
  const execute = texts(flags, "execute");
  const [binary, whole] = [flags.binary === true, flags.whole === true];
  if (execute.length > 0 && (binary || whole)) {
    problems.push("--execute: goes without --binary and --whole");
  }
  const ends = ["no-close", "exit-on-eof", "wait"].filter((name) =>
    flags[name] !== undefined && flags[name] !== false
  );
  if (ends.length > 1) problems.push(`--${ends.join(" and --")}: expected one of these`);
  if (flags.json === true && binary) problems.push("--json: goes without --binary");
  return {
    help,
    url,
    headers,
    subprotocols: readSubprotocols(flags, problems),
    ...flags.ca !== undefined && { ca: String(flags.ca) },
    insecure: flags.insecure === true,
    deflate: flags.deflate === true,
    timeout: integerOption(flags, "timeout", [10, MAX_TIME], problems) ?? DEFAULT_TIMEOUT,
    head: readHeadLimits(flags, problems),
    execute,
    binary,
    whole,
    oneMessage: flags["one-message"] === true,
    atEnd: flags["no-close"] === true ? "stay" : flags["exit-on-eof"] === true ? "close" : "wait",
    ...wait !== undefined && { wait },
    ...ping !== undefined && { ping },
    showPings: flags["show-pings"] === true,
    json: flags.json === true,
    verbose: flags.verbose === true,
    quiet: flags.quiet === true,
  };
}

/** Reads the one word; a name and a password in it go into a header. */
function readUrl({ _: words }: Flags, headers: Headers, help: boolean, problems: string[]): URL {
  const [word] = words as string[];
  const none = new URL("ws://localhost");
  if (word === undefined) {
    if (!help) problems.push("expected a URL");
    return none;
  }
  let url: URL;
  try {
    url = new URL(SCHEME.test(word) ? word : `ws://${word}`);
    const { username, password } = url;
    if (username + password !== "") {
      const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
      headers.set("Authorization", basic(credentials));
      url.username = url.password = "";
    }
  } catch {
    // It is not repeated, since a password can be in it.
    problems.push("the URL cannot be read: expected such as ws://localhost:8080/chat");
    return none;
  }
  // Of the schemes, these alone can be set to one another.
  if (url.protocol === "http:" || url.protocol === "https:") {
    url = new URL(url.href.replace(/^http/, "ws"));
  }
  if (url.protocol !== "ws:" && url.protocol !== "wss:") {
    problems.push(`expected a URL with ws:// or wss://, received ${quote(url.protocol)}`);
  }
  if (url.href.includes("#")) problems.push("expected a URL without a fragment (RFC 6455 3)");
  return url;
}

function readHeaders(flags: Flags, headers: Headers, problems: string[]): void {
  for (const line of texts(flags, "header")) {
    const [, name, value = ""] = HEADER.exec(line) ?? [];
    try {
      if (name === undefined) throw new SyntaxError('expected "Name: value"');
      // Two of these mean nothing; the one that was given on purpose counts.
      if (/^(?:authorization|origin)$/i.test(name)) headers.set(name, value);
      else headers.append(name, value);
    } catch (error) {
      // Its value can be a secret.
      problems.push(`--header: ${firstLine(error)}`);
    }
  }
  if (flags.auth !== undefined) {
    const credentials = String(flags.auth);
    if (!credentials.includes(":")) problems.push("--auth: expected NAME:PASSWORD");
    headers.set("Authorization", basic(credentials));
  }
  if (flags.origin !== undefined) {
    const origin = String(flags.origin);
    if (/^[!-~]+$/.test(origin)) headers.set("Origin", origin);
    else problems.push(`--origin: expected such as https://example.com, received ${quote(origin)}`);
  }
}

function basic(credentials: string): string {
  return `Basic ${encodeBase64(new TextEncoder().encode(credentials))}`;
}

/** Reads the limits of the answer's head; a line is no longer than the head that it is in. */
function readHeadLimits(flags: Flags, problems: string[]): HeadLimits {
  const headBytes = integerOption(flags, HEAD[2], [128, MAX_HEAD], problems) ??
    HEAD_LIMITS.headBytes;
  const line = integerOption(flags, HEAD[0], [64, MAX_HEAD], problems);
  const problem = headLineProblem(line, headBytes);
  if (problem !== undefined) problems.push(`--head-line-bytes: ${problem}`);
  return {
    headLineBytes: line ?? Math.min(HEAD_LIMITS.headLineBytes, headBytes),
    headHeaders: integerOption(flags, HEAD[1], [1, MAX_HEAD], problems) ?? HEAD_LIMITS.headHeaders,
    headBytes,
  };
}

function readSubprotocols(flags: Flags, problems: string[]): string[] {
  const names = texts(flags, "subprotocol").flatMap((text) => text.split(",")).map((name) =>
    name.trim()
  );
  for (const name of names) {
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) {
      problems.push(`--subprotocol: expected a name without blanks, received ${quote(name)}`);
    }
  }
  if (new Set(names).size < names.length) problems.push("--subprotocol: expected different names");
  return names;
}

/** Reads a time, which may have a fraction, as milliseconds. */
function secondsOption(
  flags: Flags,
  name: string,
  least: number,
  problems: string[],
): number | undefined {
  if (flags[name] === undefined) return undefined;
  const text = String(flags[name]);
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (value >= least && value * 1000 <= MAX_TIME) return Math.round(value * 1000);
  problems.push(
    `--${name}: expected seconds from ${least} to ${MAX_TIME / 1000}, received ${quote(text)}`,
  );
  return undefined;
}

function texts(flags: Flags, name: string): string[] {
  return ((flags[name] ?? []) as unknown[]).map(String);
}
