import { assertEquals, assertThrows } from "@std/assert";
import {
  type Caller,
  checkHost as checkHostOf,
  checkOrigin as checkOriginOf,
  checkSite,
  hostOf,
  isFirstHand,
  isLoopback,
  type OwnHosts,
} from "../../../server/admin/host_check.ts";
import { Problem } from "../../../server/admin/problem.ts";

function statusOf(check: () => void): number {
  try {
    check();
    return 200;
  } catch (error) {
    if (error instanceof Problem) return error.status;
    throw error;
  }
}

/** Who asks by a host, from the address of the proxy that is trusted. */
function callerOf(host: string): Caller {
  return { peer: "10.0.0.1", address: "10.0.0.1:5", host };
}

const OWN: OwnHosts = { hostname: "ops.example" };

/** Has more names, and a proxy before it. */
const PROXIED: OwnHosts = {
  hostname: "127.0.0.1",
  hosts: ["Ops.Example", "ops.test:8443"],
  trusts: (address) => address === "10.0.0.1",
};

function checkHost(host: string, headers: Record<string, string> = {}, own = OWN): void {
  checkHostOf(callerOf(host), new Headers(headers), own);
}

function checkOrigin(host: string, headers: Record<string, string>, own = OWN): void {
  checkSite(new Headers(headers));
  checkOriginOf(callerOf(host), new Headers(headers), own);
}

Deno.test("hostOf() refuses a host that can be none, and leaves a request without one to others", () => {
  assertEquals(hostOf(new Headers()), undefined);
  const { host: _, ...caller } = callerOf("a");
  assertThrows(() => checkHostOf(caller, new Headers(), OWN), Problem, "Host");
  for (const host of ["", "a b", "[::1", "a@b", "a/b", "a:99999", "a, b", "[::1%25lo]", "a?b"]) {
    assertEquals(statusOf(() => hostOf(new Headers({ host }))), 400, host);
  }
  assertEquals(hostOf(new Headers({ host: "[::1]:6455" })), "[::1]:6455");
});

Deno.test("checkHost() takes addresses, localhost and the own name, with any port", () => {
  const hosts = [
    "127.0.0.1",
    "127.0.0.1:6455",
    "192.0.2.7:1",
    "[::1]",
    "[::1]:6455",
    "[::ffff:127.0.0.1]:80",
    "localhost",
    "LOCALHOST:9000",
    "ops.example:6455",
    "Ops.Example",
  ];
  for (const host of hosts) assertEquals(statusOf(() => checkHost(host)), 200, host);
});

Deno.test("checkHost() refuses every other name with 421", () => {
  const hosts = [
    "evil.example",
    "evil.example:6455",
    "localhost.evil.example",
    "localhost.",
    "127.0.0.1.evil.example",
    "127.1",
    "2130706433",
    "0x7f.0.0.1",
    "127.0.0.01",
    "ops.example.evil.example",
    "x.localhost",
  ];
  for (const host of hosts) assertEquals(statusOf(() => checkHost(host)), 421, host);
});

Deno.test("checkOrigin() takes requests of no page, and of a page of the same origin", () => {
  const host = "127.0.0.1:6455";
  const taken: Record<string, string>[] = [
    {},
    { origin: `http://${host}` },
    { origin: `http://${host}`, "sec-fetch-site": "same-origin" },
    { "sec-fetch-site": "none" },
  ];
  for (const headers of taken) {
    assertEquals(statusOf(() => checkOrigin(host, headers)), 200);
  }
});

Deno.test("checkOrigin() refuses pages of other origins with 403", () => {
  const host = "127.0.0.1:6455";
  const refused: Record<string, string>[] = [
    { origin: "http://evil.example" },
    { origin: "http://127.0.0.1:3000" },
    { origin: "http://127.0.0.1" },
    { origin: "http://localhost:6455" },
    { origin: "null" },
    { origin: "" },
    { origin: `http://${host}, http://evil.example` },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ];
  for (const headers of refused) {
    const status = statusOf(() => checkOrigin(host, headers));
    assertEquals(status, 403, JSON.stringify(headers));
  }
});

Deno.test("checkHost() takes further names, and of a trusted proxy's X-Forwarded-Host those alone", () => {
  const forwarded = (host: string) => ({ "x-forwarded-host": host });
  for (
    const [host, headers] of [
      ["ops.example", {}],
      ["OPS.test", {}],
      ["ops.test:1", {}],
      ["127.0.0.1:6455", forwarded("ops.example")],
      ["127.0.0.1:6455", forwarded("evil.example, ops.test:8443")],
    ] as const
  ) assertEquals(statusOf(() => checkHost(host, headers, PROXIED)), 200, host);
  for (
    const [host, headers, status] of [
      ["x.ops.example", {}, 421],
      // A page that was led to the proxy by its own name, or to us from the proxy's address.
      ["127.0.0.1:6455", forwarded("evil.example"), 421],
      ["127.0.0.1:6455", forwarded("ops.example, evil.example"), 421],
      ["evil.example", forwarded("ops.example"), 421],
      ["127.0.0.1:6455", forwarded("a b"), 400],
    ] as const
  ) assertEquals(statusOf(() => checkHost(host, headers, PROXIED)), status, host);
  // Nobody else is believed, nor refused for it.
  const { trusts: _, ...direct } = PROXIED;
  assertEquals(statusOf(() => checkHost("127.0.0.1", forwarded("evil.example"), direct)), 200);
});

Deno.test("checkOrigin() takes pages of the further names, and goes by what a trusted proxy says", () => {
  const host = "127.0.0.1:6455";
  const forwarded = { "x-forwarded-host": "ops.example:444", "x-forwarded-proto": "https" };
  const status = (headers: Record<string, string>, own = PROXIED) =>
    statusOf(() => checkOrigin(host, headers, own));
  assertEquals(status({ origin: "https://ops.example" }), 200);
  assertEquals(status({ origin: "http://ops.example" }), 200);
  assertEquals(status({ origin: "https://ops.test:8443" }), 200);
  assertEquals(status({ origin: "https://ops.example:444", ...forwarded }), 200);
  const ws = { ...forwarded, "x-forwarded-proto": "wss" };
  assertEquals(status({ origin: "https://ops.example:444", ...ws }), 200);
  assertEquals(status({ origin: "https://ops.test" }), 403);
  assertEquals(status({ origin: "https://ops.example:3000" }), 403);
  assertEquals(status({ origin: "https://ops.example:444" }), 403);
  assertEquals(status({ origin: "http://ops.example:444", ...forwarded }), 403);
  const { trusts: _, ...direct } = PROXIED;
  assertEquals(status({ origin: "https://ops.example:444", ...forwarded }, direct), 403);
});

Deno.test("isFirstHand() is true only where no page can have sent it", () => {
  const token = { authorization: "Bearer x" };
  assertEquals(isFirstHand(new Headers(token), "valid"), true);
  for (const use of ["none", "wrong"] as const) {
    assertEquals(isFirstHand(new Headers(token), use), false, use);
  }
  const others: Record<string, string>[] = [
    {},
    { "sec-websocket-protocol": "token.eA" },
    { ...token, cookie: "session=1" },
    { ...token, upgrade: "websocket" },
  ];
  for (const headers of others) {
    assertEquals(isFirstHand(new Headers(headers), "valid"), false, JSON.stringify(headers));
  }
});

Deno.test("isLoopback() tells addresses that only this host can reach", () => {
  for (const own of ["127.0.0.1", "127.9.9.9", "::1", "localhost", "::ffff:127.0.0.1"]) {
    assertEquals(isLoopback(own), true, own);
  }
  for (const other of ["0.0.0.0", "::", "192.0.2.7", "ops.example", "127.example", ""]) {
    assertEquals(isLoopback(other), false, other);
  }
});
