// The same file in Node, which has no WebSocket of its own before version 22: there the ws package's
// is handed in.

import { assertEquals } from "@std/assert";
import { serve } from "../../mod.ts";
import { findNode, WS_MODULE } from "../helpers/programs.ts";

const node = await findNode();

const PROGRAM = `
  const { reconnecting } = await import(process.argv[1]);
  const { default: WebSocket } = await import(process.argv[2]);
  const socket = reconnecting(process.argv[3], {
    connect: (url, { protocols }) => new WebSocket(url, protocols),
    random: () => 0,
  });
  for (const type of ["connecting", "open", "waiting", "stopped"]) {
    socket.addEventListener(type, ({ code }) => console.log(type, code));
  }
  let messages = 0;
  socket.addEventListener("message", ({ data }) => {
    console.log(data);
    if (++messages === 2) socket.close(1000, "done");
  });
  socket.addEventListener("waiting", () => socket.send("two"));
  socket.send("one");
`;

Deno.test({
  name: "reconnecting() runs in Node with the WebSocket of the ws package" +
    ("missing" in node ? ` (ignored: ${node.missing})` : ""),
  ignore: "missing" in node,
  async fn() {
    if ("missing" in node) return;
    await using server = serve({
      port: 0,
      hostname: "127.0.0.1",
      log: () => {},
      message: (connection, data) => {
        connection.send(data);
        if (data === "one") connection.close(1012, "again");
      },
    });
    const module = import.meta.resolve("../../client/reconnecting.js");
    const { stdout, stderr } = await new Deno.Command(node.command, {
      args: [
        ...node.args,
        "--input-type=module",
        "--eval",
        PROGRAM,
        module,
        WS_MODULE,
        `ws://127.0.0.1:${server.addr.port}/`,
      ],
    }).output();
    const text = new TextDecoder();
    assertEquals(text.decode(stdout).split("\n"), [
      "open 0",
      "one",
      "waiting 1012",
      "connecting 0",
      "open 0",
      "two",
      "stopped 1000",
      "",
    ], text.decode(stderr));
  },
});
