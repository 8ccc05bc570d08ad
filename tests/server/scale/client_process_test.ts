import { assertEquals, assertRejects } from "@std/assert";
import { serve } from "../../../server/server.ts";
import { Children } from "../../../server/scale/children.ts";
import {
  CLIENT_COMMAND,
  type ClientCalls,
  runClientProcess,
} from "../../../server/scale/client_process.ts";

Deno.test("a client process opens connections, measures and keeps them until it is closed", async () => {
  await using server = serve({
    port: 0,
    message: (connection, data) => void connection.send(data),
    log: () => {},
  });
  const clients = await Children.start<ClientCalls>(CLIENT_COMMAND, 1);
  const [{ link }] = clients.all as [typeof clients.all[number]];
  await assertRejects(() => link.call("open", 1), Error, "before prepare()");
  await link.call("prepare", {
    hosts: ["127.0.0.1"],
    port: server.addr.port,
    path: "/",
    sources: [],
    ports: { first: 32_768, last: 60_999 },
    firstPort: 32_768,
  });
  assertEquals((await link.call("open", 30)).open, 30);
  assertEquals(server.registry.size, 30);
  const options = { connections: 10, perSecond: 100, seconds: 0.1 };
  const { connections, sent, delays } = await link.call("echo", options);
  assertEquals([connections, sent, delays.length], [10, 10, 10]);
  await link.call("stop");
  assertEquals(await link.call("count"), { open: 30, failures: {}, lost: {} });
  await clients.close();
});

Deno.test("runClientProcess() fails in a process that has no parent", async () => {
  await assertRejects(runClientProcess, Error, "no parent");
});
