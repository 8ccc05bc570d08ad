import { assert, assertEquals } from "@std/assert";
import { HeadFields } from "../../../../protocol/mod.ts";
import { ClientIdentity } from "../../../../server/http/proxy/client_identity.ts";
import { Proxies, type ProxyOptions } from "../../../../server/http/proxy/proxies.ts";

const CLIENT = { address: "192.0.2.7", port: 4711 };
const SILENT = new HeadFields();
const TOLD = new HeadFields([["X-Forwarded-For", "192.0.2.9"]]);

/** A connection from an address, behind proxies of 10.0.0.0/8. */
function peer(hostname: string, options?: Omit<ProxyOptions, "trusted">): ClientIdentity {
  const proxies = options && new Proxies({ trusted: ["10.0.0.0/8"], ...options });
  const remoteAddr = { transport: "tcp", hostname, port: 51324 } as const;
  const localAddr = { transport: "tcp", hostname: "127.0.0.1", port: 8080 } as const;
  return new ClientIdentity({ remoteAddr, localAddr }, proxies);
}

Deno.test("ClientIdentity is the socket's where no proxy is trusted, or it is none", () => {
  for (
    const it of [peer("10.0.0.1"), peer("192.0.2.1", { protocol: true, header: "forwarded" })]
  ) {
    assertEquals([it.isToBeAnnounced, it.address], [false, it.info.tuple.sourceAddress]);
    assertEquals([it.requested(SILENT).spoofed, it.requested(TOLD).spoofed], [false, true]);
    assertEquals([it.address, it.info.client], [it.info.tuple.sourceAddress, undefined]);
  }
});

Deno.test("ClientIdentity is known by its PROXY header", () => {
  const it = peer("::ffff:10.0.0.1", { protocol: true });
  assertEquals([it.isToBeAnnounced, it.address, it.info.client], [true, undefined, undefined]);
  it.announced(CLIENT);
  assertEquals([it.isToBeAnnounced, it.address, it.info.client], [false, CLIENT.address, CLIENT]);
  assertEquals(it.requested(TOLD).spoofed, true);
  assertEquals([it.info.key, it.info.client], ["10.0.0.1:51324-127.0.0.1:8080", CLIENT]);
});

Deno.test("ClientIdentity is the proxy itself where its PROXY header tells nobody", () => {
  const it = peer("10.0.0.1", { protocol: true });
  it.announced(undefined);
  assertEquals(it.requested(TOLD).spoofed, false);
  assertEquals([it.address, it.info.client], ["10.0.0.1", undefined]);
});

Deno.test("ClientIdentity is known by the request of a trusted proxy", () => {
  const it = peer("10.0.0.1", { header: "x-forwarded-for" });
  assertEquals([it.isToBeAnnounced, it.address], [false, undefined]);
  assertEquals(it.requested(TOLD).spoofed, false);
  assertEquals([it.address, it.info.client], ["192.0.2.9", { address: "192.0.2.9" }]);
});

Deno.test("ClientIdentity is the proxy itself where its request tells nobody", () => {
  const it = peer("10.0.0.1", { header: "forwarded" });
  assertEquals(it.requested(TOLD).spoofed, false);
  assertEquals([it.address, it.info.client], ["10.0.0.1", undefined]);
});

Deno.test("ClientIdentity is known by the request where its PROXY header tells another trusted proxy", () => {
  const it = peer("10.0.0.1", { protocol: true, header: "x-forwarded-for" });
  const inner = { address: "10.0.0.2", port: 4711 };
  it.announced(inner);
  assertEquals([it.isToBeAnnounced, it.address, it.info.client], [false, undefined, inner]);
  assertEquals(it.requested(TOLD).spoofed, false);
  assertEquals([it.address, it.info.client], ["192.0.2.9", { address: "192.0.2.9" }]);
});

Deno.test("ClientIdentity is the proxy itself where its header cannot be read, and says why", () => {
  const headers = new HeadFields([["Forwarded", "for=somebody"]]);
  const it = peer("10.0.0.1", { header: "forwarded" });
  const { spoofed, fault } = it.requested(headers);
  assert(!spoofed && fault !== undefined && !fault.includes("somebody"));
  assertEquals([it.address, it.info.client], ["10.0.0.1", undefined]);
  assertEquals(peer("192.0.2.1", { header: "forwarded" }).requested(headers), { spoofed: true });
});
