import { createHash } from "node:crypto";
import { extension } from "ws";
import {
  checkUpgradeRequest,
  computeAccept,
  type Extension,
  parseExtensions,
  type RequestHead,
  RequestHeadParser,
  serializeUpgradeResponse,
  type UpgradeRequest,
} from "../../protocol/mod.ts";
import { BROWSER_HEAD } from "./browser_head.ts";
import { compare } from "./compare.ts";
import { type NaiveHead, NaiveHeadParser } from "./naive_head.ts";

/** What ws's parser returns: for each name the parameters of each offer, `true` for no value. */
type WsExtensions = Record<string, Record<string, (string | true)[]>[]>;

const ENCODER = new TextEncoder();

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("base64");
}

function naiveExtensions(value: string): Extension[] {
  return value.split(",").map((offer) => {
    const [name = "", ...parameters] = offer.split(";").map((part) => part.trim());
    return {
      name,
      parameters: parameters.map((parameter): [string, string | undefined] => {
        const [key = "", text] = parameter.split("=");
        return [key.trim(), text?.trim().replaceAll('"', "")];
      }),
    };
  });
}

/** The obvious check: a regular expression for each header. */
function naiveCheck(method: string, get: (name: string) => string): UpgradeRequest {
  const key = get("sec-websocket-key");
  const good = method === "GET" && /\bwebsocket\b/i.test(get("upgrade")) &&
    /\bupgrade\b/i.test(get("connection")) && get("sec-websocket-version") === "13" &&
    /^[+/0-9A-Za-z]{22}==$/.test(key);
  if (!good) throw new Error("Request is no opening handshake");
  const subprotocols = get("sec-websocket-protocol").split(",").map((name) => name.trim());
  return { key, subprotocols, extensions: naiveExtensions(get("sec-websocket-extensions")) };
}

function naiveAnswer({ method, headers }: NaiveHead): Uint8Array {
  const { key, subprotocols } = naiveCheck(method, (name) => headers.get(name) ?? "");
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${sha1(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)}`,
    `Sec-WebSocket-Protocol: ${subprotocols[0]}`,
  ];
  return ENCODER.encode(`${lines.join("\r\n")}\r\n\r\n`);
}

const head: RequestHead = new RequestHeadParser().push(BROWSER_HEAD)!;

compare({
  group: "check an opening handshake",
  input: head,
  ways: {
    "checkUpgradeRequest": checkUpgradeRequest,
    "naive twin": ({ method, headers }) => naiveCheck(method, (name) => headers.get(name) ?? ""),
  },
});

compare({
  group: "answer an opening handshake, bytes to bytes",
  input: BROWSER_HEAD,
  ways: {
    "protocol": (bytes) => {
      const { key, subprotocols } = checkUpgradeRequest(new RequestHeadParser().push(bytes)!);
      const accept = computeAccept(key, sha1);
      return serializeUpgradeResponse({ accept, subprotocol: subprotocols[0] });
    },
    "naive twin": (bytes) => naiveAnswer(new NaiveHeadParser().push(bytes)!),
  },
});

/** Ours in the form of ws, to be compared. */
function asWs(extensions: readonly Extension[]): WsExtensions {
  const all: WsExtensions = {};
  for (const { name, parameters } of extensions) {
    const one: Record<string, (string | true)[]> = {};
    for (const [key, value] of parameters) (one[key] ??= []).push(value ?? true);
    (all[name] ??= []).push(one);
  }
  return all;
}

const OFFERS = {
  "a browser's offer": "permessage-deflate; client_max_window_bits",
  "three offers": "permessage-deflate; server_no_context_takeover; client_max_window_bits=12, " +
    'permessage-deflate; client_max_window_bits="10", x-compress',
};

for (const [offer, value] of Object.entries(OFFERS)) {
  compare<string, readonly Extension[] | WsExtensions>({
    group: `parse extensions, ${offer}`,
    input: value,
    ways: {
      "parseExtensions": parseExtensions,
      "naive twin": naiveExtensions,
      "ws extension.parse": (text): WsExtensions => extension.parse(text),
    },
    view: (result) => result instanceof Array ? asWs(result) : result,
  });
}
