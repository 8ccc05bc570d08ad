import { assert, assertEquals } from "@std/assert";
import { chromium } from "playwright-core";
import { type DeflateOptions, serve, type Server } from "../../mod.ts";
import { randomMessage, sameBytes } from "../helpers/deflate_messages.ts";
import { Events } from "../helpers/events.ts";
import { findChromium, findPython, type Program } from "../helpers/programs.ts";
import { Random } from "../helpers/random.ts";
import { DEADLINE, within } from "./child.ts";

const MIB = 1_048_576;

const CHROMIUM_ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
];

/** So many messages are on their way at a time. */
const AT_ONCE = 25;

type Message = string | Uint8Array<ArrayBuffer>;

/** How one connection is made, and what must become of it. */
interface Case {
  /** What the server grants. */
  deflate: DeflateOptions;
  /** What a client that can choose offers. */
  offer: Record<string, unknown>;
  /** What must be agreed on. */
  agreed: string;
}

/** How a connection ended, as both ends tell. */
type End = [agreed: string, code: number, reason: string];

/** Text and bytes of many sizes, twice of 1 MiB; what is alike is near and far. */
const MESSAGES: readonly Message[] = Array.from({ length: 200 }, (_, seed) => {
  const random = new Random(seed);
  const size = seed % 100 === 50 ? MIB : random.below(random.pick([2, 300, 5_000, 40_000]));
  const bytes = randomMessage(random, size);
  return random.oneIn(2)
    ? bytes
    : new TextDecoder().decode(bytes).slice(0, size / 3).toWellFormed();
});

const PAYLOAD_BYTES = MESSAGES.reduce(
  (sum, message) =>
    sum + (typeof message === "string" ? new TextEncoder().encode(message).length : message.length),
  0,
);

const NO_TAKEOVER = "; server_no_context_takeover; client_no_context_takeover";

/** What the server answers to a client that leaves the choice to it. */
function chosenByServer(...sizes: number[]): Case[] {
  return sizes.flatMap((windowBits) =>
    [false, true].map((contextTakeover) => {
      const clientBits = Math.max(windowBits, 9); // none is asked for 8 unless it names them
      const bits = windowBits === 15
        ? ""
        : `; server_max_window_bits=${windowBits}; client_max_window_bits=${clientBits}`;
      return {
        deflate: { contextTakeover, windowBits, threshold: 0 },
        offer: { client_max_window_bits: true },
        agreed: `permessage-deflate${contextTakeover ? "" : NO_TAKEOVER}${bits}`,
      };
    })
  );
}

/** A client whose window the server cannot choose. */
const NO_CHOICE = { "client_max_window_bits": null };

const DEFLATE = { contextTakeover: true, threshold: 0 };

/** What only a client that chooses by itself can ask for. */
const OFFERS: Case[] = [
  { deflate: DEFLATE, offer: NO_CHOICE, agreed: "permessage-deflate" },
  {
    deflate: DEFLATE,
    offer: { server_no_context_takeover: true },
    agreed: "permessage-deflate; server_no_context_takeover",
  },
  {
    deflate: DEFLATE,
    offer: { client_no_context_takeover: true, server_max_window_bits: 8 },
    agreed: "permessage-deflate; client_no_context_takeover; server_max_window_bits=8",
  },
  {
    deflate: DEFLATE,
    offer: { server_max_window_bits: 11, client_max_window_bits: 13 },
    agreed: "permessage-deflate; server_max_window_bits=11; client_max_window_bits=13",
  },
  {
    deflate: { ...DEFLATE, windowBits: 12 },
    offer: NO_CHOICE, // a client that keeps a larger window is told not to keep any
    agreed: "permessage-deflate; client_no_context_takeover; server_max_window_bits=12",
  },
  {
    deflate: { ...DEFLATE, windowBits: 8 },
    offer: NO_CHOICE,
    agreed: "permessage-deflate; client_no_context_takeover; server_max_window_bits=8",
  },
];

const browserProgram = await findChromium();
const python = await findPython("websockets");

testDeflate(
  "Chromium",
  browserProgram,
  chosenByServer(8, 9, 12, 15),
  async ({ command }, urls) => {
    const browser = await chromium.launch({ executablePath: command, args: CHROMIUM_ARGS });
    try {
      const page = await browser.newPage();
      const ends: End[] = [];
      const play = async (): Promise<void> => {
        for (const url of urls) {
          await page.goto(url.replace("ws:", "http:"));
          ends.push(await page.evaluate(echoUntilClosed(url)));
        }
      };
      await within(DEADLINE, play(), () => browser.close());
      return ends;
    } finally {
      await browser.close();
    }
  },
);

testDeflate(
  "python3-websockets",
  python,
  [...chosenByServer(8, 9, 10, 12, 15), ...OFFERS],
  async ({ command, args }, urls, offers) => {
    const script = new URL("clients/deflate_client.py", import.meta.url).pathname;
    const pairs = urls.flatMap((url, at) => [url, JSON.stringify(offers[at])]);
    await using child = new Deno.Command(command, {
      args: [...args, script, ...pairs],
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const { value } = await within(DEADLINE, child.output(), () => child.kill("SIGKILL"));
    const decoder = new TextDecoder();
    assert(value.success, decoder.decode(value.stderr));
    return decoder.decode(value.stdout).trim().split("\n").map((line) => JSON.parse(line));
  },
);

/** Registers the test of a client that sends everything back, in one connection after the other. */
function testDeflate(
  name: string,
  program: Program,
  cases: Case[],
  play: (
    program: { command: string; args: string[] },
    urls: string[],
    offers: Case["offer"][],
  ) => Promise<End[]>,
): void {
  const missing = "missing" in program ? ` (ignored: ${program.missing})` : "";
  Deno.test({
    name: `interop: permessage-deflate with ${name}${missing}`,
    ignore: missing !== "",
    fn: async () => {
      if ("missing" in program) return;
      const exchanges = cases.map(({ deflate }, at) => new Exchange(deflate, at % 3 === 0));
      let theirs: End[];
      try {
        const urls = exchanges.map(({ server }) => server.url.replace("http:", "ws:"));
        theirs = await play(program, urls, cases.map(({ offer }) => offer));
      } finally {
        await Promise.all(exchanges.map(({ server }) => server.drain()));
      }
      for (const [at, { agreed }] of cases.entries()) {
        const { endedByUs, ended, problems } = exchanges[at]!;
        const [code, reason] = endedByUs ? [4001, "done"] : [4002, "bye"];
        assertEquals(problems, [], agreed);
        assertEquals(await ended.next(), [code, reason], agreed);
        assertEquals(theirs[at], [agreed, code, reason]);
      }
    },
  });
}

/** A server that sends one client all messages, and expects each of them back. */
class Exchange {
  readonly server: Server;
  readonly ended = new Events<[number, string]>();
  /** What was not as it should be. */
  readonly problems: string[] = [];

  constructor(deflate: DeflateOptions, readonly endedByUs: boolean) {
    this.server = serve({
      port: 0,
      deflate,
      limits: { messageBytes: 2 * MIB, sendQueueBytes: 16 * MIB },
      fetch: () => new Response("<!doctype html>", { headers: { "content-type": "text/html" } }),
      open: async (connection) => {
        const answers = connection.messages();
        for (let at = 0; at < MESSAGES.length; at += AT_ONCE) {
          const some = MESSAGES.slice(at, at + AT_ONCE);
          for (const message of some) connection.send(message);
          for (const [offset, message] of some.entries()) {
            const { value } = await answers.next();
            if (value === undefined) return;
            if (!same(value, message)) this.problems.push(`message ${at + offset} differs`);
          }
        }
        const { bytesIn, bytesOut } = this.server.registry.get(connection.key)!;
        for (const [way, bytes] of Object.entries({ bytesIn, bytesOut })) {
          if (bytes > 0.9 * PAYLOAD_BYTES) this.problems.push(`not compressed: ${way} is ${bytes}`);
        }
        if (this.endedByUs) connection.close(4001, "done");
        else connection.send("close");
      },
      close: (_, code, reason) => this.ended.push([code, reason]),
    });
  }
}

function same(one: string | Uint8Array, other: Message): boolean {
  return typeof one === "string" || typeof other === "string"
    ? one === other
    : sameBytes(one, other);
}

/** What a page does to send everything back until the connection is over. */
function echoUntilClosed(url: string): string {
  return `new Promise((resolve) => {
    const socket = new WebSocket("${url}");
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => {
      if (data === "close") socket.close(4002, "bye");
      else socket.send(data);
    };
    socket.onclose = ({ code, reason }) => resolve([socket.extensions, code, reason]);
  })`;
}
