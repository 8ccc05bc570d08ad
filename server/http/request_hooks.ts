/**
 * Asks the application about a request. A fault of its hooks is told to the operator, becomes the
 * answer 500, and ends nothing else.
 *
 * @module
 */

import {
  chooseSubprotocol,
  computeAccept,
  type Extension,
  type ExtensionNegotiator,
  negotiateExtensions,
  type RequestHead,
  requestUrl,
  serializeUpgradeResponse,
  type UpgradeRequest,
} from "../../protocol/mod.ts";
import type { LogEntry } from "../log.ts";
import { sha1 } from "../sha1.ts";
import type { PeerInfo } from "./proxy/client_identity.ts";
import { plainResponse } from "./respond.ts";
import type { RequestBody } from "./request_body.ts";
import type { UpgradeTrace } from "./upgrade_trace.ts";

/**
 * The `upgrade` hook's acceptance of a connection: a plain object, with these keys and no others.
 */
export interface Upgrade<Data> {
  /** Becomes `connection.data`; may be left out where {@linkcode Data} includes `undefined`. */
  data: Data;
  /** Headers for the 101 response, such as cookies; those of the handshake itself are refused. */
  headers?: HeadersInit;
  /** One of the subprotocols that the client offered, instead of the choice from `subprotocols`. */
  subprotocol?: string;
}

/**
 * The decision of the `upgrade` hook: a Response refuses, all else accepts. Where one of its ways
 * returns no data, `connection.data` can be `undefined`, and its type has to say so.
 */
export type UpgradeDecision<Data> =
  | Response
  | Upgrade<Data>
  // A connection that is accepted without data has `undefined` for it.
  | (undefined extends Data ? Partial<Upgrade<Data>> | void : never);

/** The sender of a plain request, and the server that it came to. */
export interface FetchInfo<Server = unknown> extends PeerInfo {
  /** The request target as it was sent: a URL has no `/a/../b`, and a target may (RFC 9112 3.2). */
  readonly target: string;
  /** The server. */
  readonly server: Server;
}

/**
 * The answers to requests, and the handshakes that are accepted.
 *
 * @typeParam Data The data of each connection.
 * @typeParam Server The server.
 */
export interface HandshakeOptions<Data, Server = unknown> {
  /**
   * Answers plain requests on the same port, one for each connection. Without it they get 426, and
   * OPTIONS 204, as `OPTIONS *` always does. A body is a stream, up to `limits.bodyBytes`; that of
   * GET and HEAD is left out. `request.signal` aborts when the client leaves. CONNECT, TRACE, TRACK and usual methods in lower case get 501. A
   * response whose client takes nothing for as long as `handshakeTimeout` is cut; its body may be
   * silent.
   */
  fetch?(request: Request, info: FetchInfo<Server>): Response | Promise<Response>;
  /**
   * Decides about a handshake that is in order. It accepts with an {@linkcode Upgrade} or
   * `undefined`, and refuses with any Response: 401, 403, 429 … Anything else, `null` and `false`
   * among it, is a fault of the hook, and gets 500. It counts into the handshake's deadline.
   */
  upgrade?(
    request: Request,
    info: PeerInfo,
    server: Server,
  ): UpgradeDecision<Data> | Promise<UpgradeDecision<Data>>;
  /**
   * The subprotocols that the server speaks, the best first: the first one that is offered is
   * taken.
   */
  subprotocols?: readonly string[];
  /**
   * The origins whose pages may connect; `"*"` for all. `https://example.com` is compared as a URL,
   * `https://*.example.com` stands for all subdomains of any depth, but not for the name itself, an
   * origin of another scheme, such as `capacitor://localhost`, `chrome-extension://abc` or
   * `file://`, is compared as text, and `null` stands for every page without an origin of its own.
   * Requests without an Origin, or with an empty one, do not come from pages and always may.
   *
   * @default the host that the request names
   */
  origins?: readonly string[] | "*";
}

/** The server whose application is asked. */
export interface HookContext<Data> {
  /** The hooks, and the subprotocols. */
  readonly options: HandshakeOptions<Data>;
  /** The last argument of the hooks. */
  readonly server: unknown;
  /** Whether the server speaks TLS. */
  readonly usesTls: boolean;
  /** The extensions that the server has; all others that are offered are ignored (RFC 6455 9.1). */
  readonly extensions: readonly ExtensionNegotiator[];
  /** Tells the operator. */
  log(entry: LogEntry): void;
}

/** A handshake that the application is asked about. */
export interface AskedRequest {
  /** The request. */
  readonly head: RequestHead;
  /** The sender. */
  readonly info: PeerInfo;
  /** Its body, where it may have one. */
  readonly body?: RequestBody;
  /** Aborts when the client leaves. */
  readonly signal?: AbortSignal;
  /** The span that the hook runs in, where somebody traces. */
  readonly trace?: UpgradeTrace | undefined;
}

/** The agreement of the `upgrade` hook and the client's offer. */
export interface Accepted<Data> {
  /** Becomes `connection.data`. */
  readonly data: Data;
  /** The subprotocol that was agreed on. */
  readonly subprotocol: string | undefined;
  /** The extensions that were agreed on. */
  readonly extensions: readonly Extension[];
  /** The head of the 101 response. */
  readonly response: Uint8Array;
}

/**
 * Asks the `upgrade` hook about an opening handshake that is in order.
 *
 * @param context The parts of the server that hooks need.
 * @param asked The request.
 * @param offer The client's offer in it.
 * @returns The acceptance of the handshake, or the response that refuses it.
 */
export function askUpgrade<Data>(
  context: HookContext<Data>,
  asked: AskedRequest,
  offer: UpgradeRequest,
): Promise<Accepted<Data> | Response> {
  const { info, trace } = asked;
  const { options, server } = context;
  const { subprotocols = [] } = options;
  return ask(context, asked, "upgrade", async () => {
    const decide = () => options.upgrade?.(requestOf(context, asked), info, server);
    const decision: unknown = await (trace === undefined ? decide() : trace.run(decide));
    if (decision instanceof Response) return sendable(decision);
    const { data, headers, ...accepted } = acceptable<Data>(decision);
    const subprotocol = accepted.subprotocol ??
      chooseSubprotocol(offer.subprotocols, subprotocols);
    if (subprotocol !== undefined && !offer.subprotocols.includes(subprotocol)) {
      throw new TypeError(`Subprotocol was not offered: "${subprotocol}"`);
    }
    const extensions = negotiateExtensions(offer.extensions, context.extensions);
    const response = serializeUpgradeResponse({
      accept: computeAccept(offer.key, sha1),
      subprotocol,
      extensions,
      headers: headers && new Headers(headers),
    });
    return { data: data as Data, subprotocol, extensions, response };
  });
}

/**
 * Asks the `fetch` hook for the answer to a plain request.
 *
 * @param context The parts of the server that hooks need.
 * @param asked The request.
 * @returns The answer; 426 where there is no such hook.
 * @throws {HandshakeError} Where the hook failed because of a fault in the body.
 */
export function askFetch<Data>(context: HookContext<Data>, asked: AskedRequest): Promise<Response> {
  const { options, server } = context;
  if (options.fetch === undefined) {
    // HAProxy's plain `option httpchk` sends it.
    if (asked.head.method === "OPTIONS") {
      return Promise.resolve(new Response(null, { status: 204 }));
    }
    const text = "This is a WebSocket server";
    return Promise.resolve(plainResponse(426, text, { upgrade: "websocket" }));
  }
  const { head: { target }, info } = asked;
  return ask(
    context,
    asked,
    "fetch",
    async () =>
      sendable(await options.fetch!(requestOf(context, asked), { ...info, target, server })),
  );
}

async function ask<Data, Answer>(
  context: HookContext<Data>,
  { info: { key }, body }: AskedRequest,
  name: string,
  hook: () => Promise<Answer>,
): Promise<Answer | Response> {
  try {
    return await hook();
  } catch (error) {
    // A hook that waited for the rest of the body has done nothing wrong.
    if (body?.fault !== undefined && error === body.fault) throw body.fault;
    const message = `Hook "${name}" failed`;
    context.log({ level: "error", event: "handler_fault", message, key, error });
    return plainResponse(500, "Internal server error");
  }
}

function requestOf<Data>(
  { usesTls }: HookContext<Data>,
  { head, body, signal }: AskedRequest,
): Request {
  const scheme = usesTls ? "https" : "http";
  const headers = [...head.headers.joined()];
  const init: RequestInit = { method: head.method, headers };
  if (body?.stream !== undefined) init.body = body.stream;
  if (signal !== undefined) init.signal = signal;
  return new Request(requestUrl(head, scheme), init);
}

/** Checks the response that a hook returned: it can be sent once, with a status of its own. */
function sendable(response: unknown): Response {
  if (!(response instanceof Response)) {
    throw new TypeError(`Hook must return a Response: received ${kindOf(response)}`);
  }
  // 101 is for the handshake alone: a client would take it for one that was accepted.
  if (response.type === "error" || response.status < 200) {
    throw new TypeError("Hook must return a Response with a status from 200 to 599");
  }
  // RFC 9110 8.6: decimal digits; whatever else it is, clients would read it in different ways.
  const length = response.headers.get("content-length");
  if (length !== null && !/^[0-9]{1,15}$/.test(length)) {
    throw new TypeError("Hook must return a Response whose Content-Length is one decimal number");
  }
  if (response.bodyUsed || response.body?.locked) {
    throw new TypeError("Hook must return a Response whose body nobody has read or locked");
  }
  return response;
}

/** The keys of an {@linkcode Upgrade}. */
const UPGRADE_KEYS: readonly PropertyKey[] = ["data", "headers", "subprotocol"];

/**
 * Checks the value with which the `upgrade` hook accepts a connection. Whatever might have meant
 * something else, such as `false`, an error or a misspelt key, accepts nobody.
 */
function acceptable<Data>(decision: unknown): Partial<Upgrade<Data>> {
  if (decision === undefined) return {};
  if (!isPlainObject(decision)) {
    throw new TypeError(
      "Hook must return a Response, a plain object with data, headers or subprotocol, or " +
        `undefined: received ${kindOf(decision)}`,
    );
  }
  const unknown = Reflect.ownKeys(decision).find((key) => !UPGRADE_KEYS.includes(key));
  if (unknown !== undefined) {
    const shown = JSON.stringify(String(unknown).slice(0, 64));
    throw new TypeError(`Hook must return data, headers or subprotocol alone: received ${shown}`);
  }
  const { headers, subprotocol } = decision as Upgrade<Data>;
  if (subprotocol !== undefined && typeof subprotocol !== "string") {
    throw new TypeError(`Subprotocol must be a string: received ${kindOf(subprotocol)}`);
  }
  if (headers !== undefined && (typeof headers !== "object" || headers === null)) {
    throw new TypeError(`Headers must be an object or a list: received ${kindOf(headers)}`);
  }
  return decision;
}

/**
 * Without a class: an instance, as of `Map` or `Error`, may have no key of its own, and mean
 * anything.
 */
function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Describes a value for the author of the hook. */
function kindOf(value: unknown): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value !== "object") return typeof value;
  const name = value.constructor?.name;
  return typeof name === "string" && name !== ""
    ? `an object of ${name.slice(0, 64)}`
    : "an object";
}
