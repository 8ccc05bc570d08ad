// Node's HTTP parser as a second opinion: whatever both read, they read alike. Where one of them
// refuses, nobody can smuggle a request past it.

import { assert, assertEquals } from "@std/assert";
import {
  BodyDecoder,
  bodyFraming,
  HandshakeError,
  keepsAlive,
  RequestHeadParser,
} from "../../protocol/mod.ts";
import { concat } from "../helpers/notation.ts";
import { findNode } from "../helpers/programs.ts";
import { Random } from "../helpers/random.ts";
import { textOf } from "./inputs.ts";
import { requestBody } from "./targets/request_body.ts";

const node = await findNode();

/** Reads connections, a line of base64 each, and writes the requests on each as JSON. */
const PROGRAM = `
  const { createServer } = require("node:http");
  const { Duplex } = require("node:stream");
  const lines = require("node:fs").readFileSync(0, "latin1").trimEnd().split("\\n");
  const read = (line) => new Promise((resolve) => {
    const requests = [];
    const server = createServer((request, response) => {
      let body = "";
      request.setEncoding("latin1");
      request.on("data", (part) => body += part);
      request.on("end", () => {
        requests.push([request.method, body]);
        response.end();
      });
    });
    const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    socket.on("error", () => {});
    socket.on("close", () => resolve(requests));
    server.on("clientError", () => socket.destroy());
    server.emit("connection", socket);
    socket.push(Buffer.from(line, "base64"));
    socket.push(null);
  });
  (async () => {
    for (const line of lines) console.log(JSON.stringify(await read(line)));
    process.exit();
  })();
`;

type ReadRequest = [method: string, body: string];

/** The requests of a connection up to the first that is refused, or does not end. */
function readRequests(bytes: Uint8Array): ReadRequest[] {
  const requests: ReadRequest[] = [];
  let rest = bytes;
  try {
    for (;;) {
      const parser = new RequestHeadParser();
      const head = parser.push(rest);
      if (head === undefined) return requests;
      const decoder = new BodyDecoder(bodyFraming(head));
      if (!decoder.ended) decoder.push(parser.rest);
      const body: Uint8Array[] = [];
      for (let part; (part = decoder.read()) !== undefined;) body.push(part);
      if (!decoder.ended) return requests;
      requests.push([head.method, textOf(concat(body))]);
      if (!keepsAlive(head)) return requests;
      rest = bodyFraming(head) === 0 ? parser.rest : decoder.rest;
    }
  } catch (error) {
    if (!(error instanceof HandshakeError)) throw error;
    return requests;
  }
}

Deno.test({
  name: "BodyDecoder and bodyFraming() read no request otherwise than Node does" +
    ("missing" in node ? ` (ignored: ${node.missing})` : ""),
  ignore: "missing" in node,
  async fn() {
    if ("missing" in node) return;
    const random = new Random(1);
    const after = new TextEncoder().encode("Host: a\r\n\r\n");
    const inputs = Array.from(
      { length: 3_000 },
      () => concat([requestBody.make(random), after]),
    );
    const child = new Deno.Command(node.command, {
      args: [...node.args, "-e", PROGRAM],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const lines = inputs.map((input) => `${input.toBase64()}\n`);
    const written = new Blob(lines).stream().pipeTo(child.stdin);
    const { stdout } = await child.output();
    await written;
    const answers: ReadRequest[][] = new TextDecoder().decode(stdout).trimEnd().split("\n")
      .map((line) => JSON.parse(line));
    assertEquals(answers.length, inputs.length);
    let agreed = 0;
    for (const [at, theirs] of answers.entries()) {
      const ours = readRequests(inputs[at]!);
      const common = Math.min(ours.length, theirs.length);
      assertEquals(ours.slice(0, common), theirs.slice(0, common), textOf(inputs[at]!));
      if (common === 2) agreed++;
    }
    assert(agreed > 300, `Only ${agreed} connections were read to the end by both`);
  },
});
