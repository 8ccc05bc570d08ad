import { assertEquals, assertRejects } from "@std/assert";
import { ConnectError } from "../../../../client/connect_error.ts";
import { serve } from "../../../../mod.ts";
import { Opcode } from "../../../../protocol/mod.ts";
import { dial } from "../../../../server/cli/connect/connect_dial.ts";
import { Events } from "../../../helpers/events.ts";
import { startWs } from "../../../helpers/ws_server.ts";

Deno.test("dial() tells of Pings and Pongs, and of nothing else", async () => {
  await using server = await startWs();
  server.onSocket = (socket) =>
    socket.on("message", () => {
      socket.ping("from there");
    });
  const seen = new Events<[Opcode, string]>();
  await using connection = await dial(new URL(server.url), {
    deflate: false,
    control: (opcode, payload) => seen.push([opcode, new TextDecoder().decode(payload)]),
  });
  connection.send("hello");
  assertEquals(await seen.next(), [Opcode.Ping, "from there"]);
  connection.ping(new TextEncoder().encode("from here"));
  assertEquals(await seen.next(), [Opcode.Pong, "from here"]);
});

Deno.test("dial() fails as connect() does", async () => {
  const server = serve({ port: 0 });
  const url = new URL(server.url);
  await server.close();
  await assertRejects(() => dial(url, { deflate: false, control() {} }), ConnectError);
});
