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
} from "../protocol/mod.ts";
import type { LogEntry, PeerInfo, ServeOptions, Upgrade } from "./options.ts";
import { plainResponse } from "./respond.ts";
import { sha1 } from "./sha1.ts";
import type { UpgradeTrace } from "./upgrade_trace.ts";

/** The server whose application is asked. */
export interface HookHost<Data> {
  /** The hooks, and the subprotocols. */
  readonly options: ServeOptions<Data>;
  /** The extensions that the server has; all others that are offered are ignored (RFC 6455 9.1). */
  readonly extensions: readonly ExtensionNegotiator[];
  /** Tells the operator. */
  log(entry: LogEntry): void;
}

/** What the application is asked about. */
export interface AskedRequest {
  /** The request. */
  readonly head: RequestHead;
  /** Who sent it. */
  readonly info: PeerInfo;
  /** The span that the hook runs in, where somebody traces. */
  readonly trace?: UpgradeTrace | undefined;
}

/** What the `upgrade` hook and the client's offer come to. */
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
 * @param host The server.
 * @param asked The request.
 * @param offer What the client asks for in it.
 * @returns How the handshake is accepted, or the response that refuses it.
 */
export function askUpgrade<Data>(
  host: HookHost<Data>,
  asked: AskedRequest,
  offer: UpgradeRequest,
): Promise<Accepted<Data> | Response> {
  const { head, info, trace } = asked;
  const { upgrade: hook, subprotocols = [] } = host.options;
  return ask(host, asked, "upgrade", async () => {
    const decide = () => hook?.(requestOf(host, head), info);
    const decision: Upgrade<Data> | Response =
      await (trace === undefined ? decide() : trace.run(decide)) ?? {};
    if (decision instanceof Response) return sendable(decision);
    const { data, headers } = decision;
    const subprotocol = decision.subprotocol ??
      chooseSubprotocol(offer.subprotocols, subprotocols);
    if (subprotocol !== undefined && !offer.subprotocols.includes(subprotocol)) {
      throw new TypeError(`Subprotocol was not offered: "${subprotocol}"`);
    }
    const extensions = negotiateExtensions(offer.extensions, host.extensions);
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
 * @param host The server.
 * @param asked The request.
 * @returns The answer; 426 where there is no such hook.
 */
export function askFetch<Data>(host: HookHost<Data>, asked: AskedRequest): Promise<Response> {
  const { fetch } = host.options;
  if (fetch === undefined) {
    const text = "This is a WebSocket server";
    return Promise.resolve(plainResponse(426, text, { upgrade: "websocket" }));
  }
  const { head, info } = asked;
  return ask(host, asked, "fetch", async () => sendable(await fetch(requestOf(host, head), info)));
}

async function ask<Data, Answer>(
  host: HookHost<Data>,
  { info: { key } }: AskedRequest,
  name: string,
  hook: () => Promise<Answer>,
): Promise<Answer | Response> {
  try {
    return await hook();
  } catch (error) {
    const message = `Hook "${name}" failed`;
    host.log({ level: "error", event: "handler_fault", message, key, error });
    return plainResponse(500, "Internal server error");
  }
}

function requestOf<Data>({ options }: HookHost<Data>, head: RequestHead): Request {
  const scheme = options.cert === undefined ? "http" : "https";
  return new Request(requestUrl(head, scheme), { method: head.method, headers: [...head.headers] });
}

/** Checks what a hook returned: a response can be sent only once, and `Response.error()` never. */
function sendable(response: Response): Response {
  if (!(response instanceof Response) || response.type === "error" || response.bodyUsed) {
    throw new TypeError("Hook must return a response that was not used before");
  }
  return response;
}
