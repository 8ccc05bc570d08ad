import { assertEquals } from "@std/assert";
import { serve } from "../../../mod.ts";
import { BROADCAST } from "../../../server/topics/backplane.ts";
import { MemoryRelay } from "../../helpers/memory_backplane.ts";
import { RawClient } from "../../helpers/raw_client.ts";

Deno.test("BROADCAST is the channel that broadcast() uses both ways, until the server has ended", async () => {
  const relay = new MemoryRelay();
  const [backplane, other] = [relay.join(), relay.join()];
  const server = serve({ port: 0, backplane });
  assertEquals(backplane.subscriptions, 2);
  server.broadcast("text");
  const bytes = Uint8Array.of(1, 2);
  server.broadcast(bytes);
  bytes.fill(0);
  assertEquals(backplane.published, [
    { channel: BROADCAST, data: "text" },
    { channel: BROADCAST, data: Uint8Array.of(1, 2) },
  ]);
  {
    using client = await RawClient.open(server.addr);
    other.publish(BROADCAST, "from another");
    const frame = await client.frame();
    assertEquals(new TextDecoder().decode(frame!.payload), "from another");
  }
  await server.close();
  assertEquals(backplane.subscriptions, 0);
});
