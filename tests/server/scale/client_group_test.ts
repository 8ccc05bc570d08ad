import { assertEquals } from "@std/assert";
import { serve } from "../../../server/server.ts";
import type { Server } from "../../../server/options.ts";
import { ClientGroup } from "../../../server/scale/client_group.ts";
import { planScale } from "../../../server/scale/plan.ts";
import type { Varied } from "../../../server/scale/result.ts";

const PORTS = { first: 32_768, last: 60_999 };

function start(server: Server, clients: number, varied: Varied): Promise<ClientGroup> {
  const around = { limits: {}, cores: 2, reusePort: true, varied };
  return ClientGroup.start({
    plan: planScale({ connections: 100, clients }, around),
    target: { hosts: ["127.0.0.1"], port: server.addr.port, path: "/" },
    ports: PORTS,
    ownAddresses: true,
  });
}

function openOf(counts: readonly { open: number }[]): number[] {
  return counts.map(({ open }) => open);
}

const linux = Deno.build.os === "linux";

Deno.test({
  name: `ClientGroup shares connections out, from addresses of each process's own${
    linux ? "" : ": only Linux has 127.0.0.2"
  }`,
  ignore: !linux,
  async fn() {
    await using server = serve({ port: 0, log: () => {} });
    const group = await start(server, 3, "source");
    await group.open(10);
    assertEquals(openOf(await group.counts()), [3, 3, 4]);
    await group.open(12);
    assertEquals(openOf(await group.counts()), [4, 4, 4]);
    const sources = [...server.registry.list()].map(({ key }) => key.split(":")[0]!);
    assertEquals([...new Set(sources)].sort(), ["127.0.0.2", "127.0.0.3", "127.0.0.4"]);
    assertEquals((await group.figures()).processes, 3);
    await group.close();
  },
});

Deno.test("ClientGroup goes on when a process has ended", async () => {
  await using server = serve({ port: 0, log: () => {} });
  const group = await start(server, 1, "none");
  await group.close();
  await group.failed;
  await group.open(5);
  group.stop();
  assertEquals(await group.counts(), []);
  assertEquals(await group.echo({ connections: 1, perSecond: 1, seconds: 1 }), undefined);
});
