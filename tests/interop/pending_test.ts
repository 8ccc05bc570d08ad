import { assertEquals } from "@std/assert";
import WebSocket from "ws";
import { serve } from "../../mod.ts";
import { Events } from "../helpers/events.ts";
import { findPython } from "../helpers/programs.ts";

const python = await findPython("websockets");
const missing = "missing" in python ? python.missing : undefined;

/** A server whose handler sends for as long as its client is there: what a language model does. */
function tokens() {
  const ended = new Events<[code: number, aborted: boolean]>();
  const server = serve({
    port: 0,
    async message(connection) {
      for (let count = 0; !connection.signal.aborted; count++) {
        connection.send(`token ${count}`);
        await connection.drained;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    close: (connection, code) => ended.push([code, connection.signal.aborted]),
  });
  return { server, ended, url: server.url.replace("http", "ws") };
}

Deno.test({
  name: `interop: a handler that works for long keeps python3-websockets and sees its Close${
    missing === undefined ? "" : ` (ignored: ${missing})`
  }`,
  ignore: missing !== undefined,
  fn: async () => {
    const { server, ended, url } = tokens();
    await using _ = server;
    if ("missing" in python) return;
    const client = new URL("clients/pending_client.py", import.meta.url).pathname;
    const { stdout, stderr } = await new Deno.Command(python.command, {
      args: [...python.args, client, url],
    })
      .output();
    const [out, err] = [stdout, stderr].map((it) => new TextDecoder().decode(it));
    const { received, code } = JSON.parse(out || `"${err}"`);
    assertEquals([received, code], [20, 4001], err);
    assertEquals(await ended.next(), [4001, true]);
  },
});

Deno.test("interop: a handler that works for long answers the pings of ws and sees its Close", async () => {
  const { server, ended, url } = tokens();
  await using _ = server;
  const socket = new WebSocket(url);
  const events = new Events<string>();
  socket.on("open", () => socket.send("go"));
  socket.on("message", (data: unknown) => events.push(String(data)));
  socket.on("pong", (data: unknown) => events.push(`pong ${data}`));
  socket.on("close", (code: number) => events.push(`closed ${code}`));
  await events.find((event) => event === "token 2");
  socket.ping("there?");
  await events.find((event) => event === "pong there?");
  socket.send("later");
  socket.close(4001, "cancel");
  await events.find((event) => event === "closed 4001");
  assertEquals(await ended.next(), [4001, true]);
});
