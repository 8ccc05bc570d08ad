import { assertEquals, assertThrows } from "@std/assert";
import { checkHost, checkOrigin, hostOf, isLoopback } from "../../../server/admin/host_check.ts";
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

Deno.test("hostOf() refuses a request without a host, or with none that can be one", () => {
  assertThrows(() => hostOf(new Headers()), Problem, "Host");
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
  for (const host of hosts) assertEquals(statusOf(() => checkHost(host, "ops.example")), 200, host);
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
  for (const host of hosts) assertEquals(statusOf(() => checkHost(host, "ops.example")), 421, host);
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
    assertEquals(statusOf(() => checkOrigin(new Headers(headers), host)), 200);
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
    const status = statusOf(() => checkOrigin(new Headers(headers), host));
    assertEquals(status, 403, JSON.stringify(headers));
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
