import { assertEquals, assertThrows } from "@std/assert";
import { mayReadHost } from "../../../server/host/host_reader.ts";
import { findServer, isLocal, parseTarget } from "../../../server/scale/target.ts";

Deno.test("parseTarget() reads address, port and path", () => {
  assertEquals(parseTarget("ws://127.0.0.1:8080/chat?room=1"), {
    host: "127.0.0.1",
    port: 8080,
    path: "/chat?room=1",
  });
  assertEquals(parseTarget("http://[::1]/"), { host: "::1", port: 80, path: "/" });
  assertEquals(parseTarget("ws://localhost:1").host, "127.0.0.1");
});

Deno.test("parseTarget() refuses what is no URL of a server without TLS", () => {
  for (const url of ["", "8080", "127.0.0.1:8080", "wss://a.example/", "ftp://a.example/"]) {
    assertThrows(() => parseTarget(url), TypeError, "expected a URL such as", url);
  }
});

Deno.test("isLocal() knows this host's addresses", () => {
  for (const address of ["127.0.0.1", "127.9.9.9", "::1"]) assertEquals(isLocal(address), true);
  for (const address of ["192.0.2.1", "a.example"]) assertEquals(isLocal(address), false);
});

Deno.test({
  name: `findServer() knows what a server of this host takes${mayReadHost() ? "" : ": no Linux"}`,
  ignore: !mayReadHost(),
  async fn() {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    const target = await findServer(`ws://127.0.0.1:${port}/x`);
    assertEquals([target.hosts, target.port, target.path], [["127.0.0.1"], port, "/x"]);
    assertEquals((await target.figures())?.processes, 1);
    await target.close();
  },
});

Deno.test("findServer() knows nothing of a server elsewhere", async () => {
  const target = await findServer("ws://192.0.2.1:8080/");
  assertEquals(await target.figures(), undefined);
});
