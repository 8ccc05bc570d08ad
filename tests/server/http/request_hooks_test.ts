import { assertEquals, assertStringIncludes } from "@std/assert";
import { checkUpgradeRequest, type RequestHead, RequestHeadParser } from "../../../protocol/mod.ts";
import type { PeerInfo } from "../../../server/http/proxy/client_identity.ts";
import {
  type Accepted,
  askFetch,
  askUpgrade,
  type HandshakeOptions,
  type HookContext,
} from "../../../server/http/request_hooks.ts";
import { formatFourTuple } from "../../../server/net/four_tuple.ts";
import { LogBook } from "../../helpers/log_book.ts";
import { UPGRADE_LINES } from "../../helpers/raw_client.ts";

const TUPLE = {
  sourceAddress: "192.0.2.1",
  sourcePort: 1,
  destinationAddress: "192.0.2.2",
  destinationPort: 80,
};

const INFO: PeerInfo = {
  key: formatFourTuple(TUPLE),
  tuple: TUPLE,
  remoteAddress: TUPLE.sourceAddress,
};

function headOf(target: string, lines: readonly string[]): RequestHead {
  const text = [`GET ${target} HTTP/1.1`, ...lines, "", ""].join("\r\n");
  return new RequestHeadParser().push(new TextEncoder().encode(text))!;
}

/** A server that has these hooks, and what it has logged. */
function contextOf<Data>(
  options: HandshakeOptions<Data>,
  usesTls = false,
): { readonly context: HookContext<Data>; readonly book: LogBook } {
  const book = new LogBook();
  return { context: { options, usesTls, extensions: [], log: book.log, server: undefined }, book };
}

/** What the hook of a server makes of an opening handshake. */
function upgraded<Data>(
  context: HookContext<Data>,
  ...further: string[]
): Promise<Accepted<Data> | Response> {
  const head = headOf("/room?a=1", [...UPGRADE_LINES, ...further]);
  return askUpgrade(context, { head, info: INFO }, checkUpgradeRequest(head));
}

Deno.test("askUpgrade() accepts with what the hook decides, and the head of the response", async () => {
  const asked: unknown[] = [];
  const { context } = contextOf({
    subprotocols: ["b"],
    upgrade(request, info) {
      asked.push(request.method, request.url, request.headers.get("upgrade"), info);
      return { data: { user: 7 }, subprotocol: "a", headers: { "x-one": "1" } };
    },
  });
  const answer = await upgraded(context, "Sec-WebSocket-Protocol: a, b") as Accepted<unknown>;
  assertEquals(asked, ["GET", "http://127.0.0.1/room?a=1", "websocket", INFO]);
  const { response, ...rest } = answer;
  assertEquals(rest, { data: { user: 7 }, subprotocol: "a", extensions: [] });
  const lines = new TextDecoder().decode(response).toLowerCase().split("\r\n");
  assertEquals(lines.filter((it) => /^(http|sec-websocket-accept|sec-websocket-p|x-)/.test(it)), [
    "http/1.1 101 switching protocols",
    "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=",
    "sec-websocket-protocol: a",
    "x-one: 1",
  ]);
});

Deno.test("askUpgrade() accepts without a hook, with the server's choice of subprotocol", async () => {
  const { context } = contextOf({ subprotocols: ["b", "a"] });
  const answer = await upgraded(context, "Sec-WebSocket-Protocol: a, b") as Accepted<unknown>;
  assertEquals([answer.data, answer.subprotocol], [undefined, "b"]);
});

Deno.test("askUpgrade() passes on the response with which the hook refuses", async () => {
  const refusal = new Response("who?", { status: 401 });
  const { context, book } = contextOf({ upgrade: () => refusal });
  assertEquals(await upgraded(context), refusal);
  assertEquals(book.entries(), []);
});

Deno.test("askUpgrade() makes 500 of a fault of the hook, without its detail, and logs it", async () => {
  const error = new Error("secret");
  const { context, book } = contextOf({ upgrade: () => Promise.reject(error) });
  const answer = await upgraded(context) as Response;
  assertEquals([answer.status, await answer.text()], [500, "Internal server error\n"]);
  assertEquals(book.entries(), [{
    level: "error",
    event: "handler_fault",
    message: 'Hook "upgrade" failed',
    key: INFO.key,
    error,
  }]);
});

Deno.test("askFetch() asks for the URL that the request names, by the server's scheme", async () => {
  const fetch = ({ url }: Request) => new Response(url);
  const urls = ["http://a.example:81/x?y", "https://a.example:81/x?y", "http://localhost/x?y"];
  const found = await Promise.all([
    askFetch(contextOf({ fetch }).context, {
      head: headOf("/x?y", ["Host: a.example:81"]),
      info: INFO,
    }),
    askFetch(contextOf({ fetch }, true).context, {
      head: headOf("/x?y", ["Host: a.example:81"]),
      info: INFO,
    }),
    askFetch(contextOf({ fetch }).context, {
      head: { ...headOf("/x?y", ["Host: a"]), path: "/x?y", host: undefined },
      info: INFO,
    }),
  ]);
  assertEquals(await Promise.all(found.map((response) => response.text())), urls);
});

Deno.test("askFetch() answers 426 where there is no such hook", async () => {
  const { context } = contextOf({});
  const answer = await askFetch(context, { head: headOf("/", ["Host: a"]), info: INFO });
  assertEquals([answer.status, answer.headers.get("upgrade")], [426, "websocket"]);
});

Deno.test("askUpgrade() and askFetch() say what was expected and what they received", async () => {
  const answers: [unknown, string, string][] = [
    [undefined, "", "Hook must return a Response: received undefined"],
    [null, "or undefined: received null", "received null"],
    ["a\x1b[0m", "or undefined: received string", "received string"],
    [new Error("x"), "or undefined: received an object of Error", "received an object of Error"],
    [{ ok: 1 }, 'alone: received "ok"', "received an object of Object"],
  ];
  for (const [answer, ofUpgrade, ofFetch] of answers) {
    const { context, book } = contextOf({
      upgrade: () => answer,
      fetch: () => answer,
    } as HandshakeOptions<unknown>);
    await upgraded(context);
    await askFetch(context, { head: headOf("/", ["Host: a"]), info: INFO });
    const texts = book.entries().map(({ error }) => String(error));
    if (ofUpgrade !== "") assertStringIncludes(texts.shift()!, ofUpgrade);
    assertStringIncludes(texts.shift()!, ofFetch);
  }
});
