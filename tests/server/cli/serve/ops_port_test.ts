import { assertEquals, assertThrows } from "@std/assert";
import {
  type OpsPortOptions,
  startOpsPort,
  tryOpsPort,
} from "../../../../server/cli/serve/ops_port.ts";
import { FakeOperations } from "../../../helpers/fake_operations.ts";

const OPTIONS: Omit<OpsPortOptions, "hostname" | "port" | "token" | "hosts" | "trustedProxies"> = {
  operations: new FakeOperations(),
  log() {},
  audit() {},
  logLevel: { get: () => "info", set() {} },
  version: "0",
};
const TOKEN = "0123456789abcdef";

Deno.test("startOpsPort() starts it at the address that is set, with the token", () => {
  const started: OpsPortOptions[] = [];
  const port = { url: "http://a/", close: () => Promise.resolve() };
  const start = (options: OpsPortOptions) => {
    started.push(options);
    return port;
  };
  assertEquals(startOpsPort({ admin: "[::1]:1", adminToken: TOKEN }, start, OPTIONS), port);
  assertEquals(startOpsPort({ admin: "127.0.0.1:0" }, start, OPTIONS), port);
  const names = { adminHost: ["a.example"], trustedProxy: ["::1"] };
  assertEquals(startOpsPort({ admin: "127.0.0.1:0", ...names }, start, OPTIONS), port);
  assertEquals(started, [
    { ...OPTIONS, hostname: "::1", port: 1, token: TOKEN },
    { ...OPTIONS, hostname: "127.0.0.1", port: 0 },
    {
      ...OPTIONS,
      hostname: "127.0.0.1",
      port: 0,
      hosts: ["a.example"],
      trustedProxies: ["::1"],
    },
  ]);
});

Deno.test("startOpsPort() starts nothing where none is set", () => {
  const start = () => {
    throw new Error("Started");
  };
  assertEquals(startOpsPort({ adminToken: TOKEN }, start, OPTIONS), undefined);
});

Deno.test("startOpsPort() and tryOpsPort() name an address that cannot be had", () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const admin = `127.0.0.1:${taken.addr.port}`;
  const problem =
    `Ops port: Cannot listen on ${admin}: the port is in use; choose another with --admin`;
  const start = ({ hostname, port }: OpsPortOptions) => {
    Deno.listen({ hostname, port });
    throw new Error("Listens");
  };
  assertThrows(() => startOpsPort({ admin }, start, OPTIONS), Error, problem);
  assertThrows(() => tryOpsPort({ admin }), Error, problem);
});

Deno.test("tryOpsPort() leaves the address free", () => {
  let port: number;
  {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    port = listener.addr.port;
  }
  tryOpsPort({ admin: `127.0.0.1:${port}` });
  using again = Deno.listen({ hostname: "127.0.0.1", port });
  assertEquals(again.addr.port, port);
  tryOpsPort({});
});
