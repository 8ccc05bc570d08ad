import { assertEquals, assertStringIncludes } from "@std/assert";
import { TEST_CERTIFICATE, TEST_KEY } from "../../../helpers/certificate.ts";
import { FOURTUPLE, fourtuple, Process, servedAt } from "../../../helpers/process.ts";
import { assertEndsWith, assertRefuses, withFiles } from "../../../helpers/serving.ts";

Deno.test("serveAlone() exits 1 when the port is in use", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  await assertRefuses(["--port", `${port}`], 1, `127.0.0.1:${port}: the port is in use`);
});

Deno.test("serveAlone() exits 1 when the address is not this host's", () =>
  assertRefuses(["--host=192.0.2.1", "--port=0"], 1, "192.0.2.1:0: this host has no such address"));

Deno.test("serveAlone() exits 1 when the host's name cannot be found", () =>
  // No host is called so, and no resolver asks the network for it.
  assertRefuses(["--host=-", "--port=0"], 1, "-:0: this host cannot be found"));

/** A command line that takes the right to low ports away, or why a test cannot do without it. */
function unprivileged(): { prefix: string[] } | { missing: string } {
  if (Deno.build.os !== "linux") return { missing: "needs Linux" };
  const first = Deno.readTextFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start").trim();
  if (Number(first) < 2) return { missing: "this host lets everybody use port 1" };
  const drop = ["setpriv", "--bounding-set=-net_bind_service"];
  if (Deno.uid() !== 0) return { prefix: [] };
  try {
    const [command = "", ...args] = drop;
    const { success } = new Deno.Command(command, { args: [...args, "true"] }).outputSync();
    if (success) return { prefix: drop };
  } catch {
    // There is no such program.
  }
  return { missing: "needs setpriv, or another user than root" };
}

const low = unprivileged();

Deno.test({
  name: "serveAlone() exits 1 when the port needs rights that it lacks" +
    ("missing" in low ? ` (ignored: ${low.missing})` : ""),
  ignore: "missing" in low,
  fn: async () => {
    const prefix = "prefix" in low ? low.prefix : [];
    const [command = "", ...args] = [...prefix, ...FOURTUPLE, "--port", "1"];
    await using process = new Process(command, args);
    await assertEndsWith(process, 1, "127.0.0.1:1: ports below 1024 need root or CAP_NET");
  },
});

/** The key of no certificate here. */
const OTHER_KEY = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIHKEGTTwC9blNei15MRAuxVQoTDz+8MBc3GlgwzBGeNr
-----END PRIVATE KEY-----
`;

Deno.test("serveAlone() names the file when the certificate or its key cannot be used", () =>
  withFiles(
    { cert: TEST_CERTIFICATE, key: TEST_KEY, other: OTHER_KEY, garbage: "garbage\n", empty: "" },
    async (path) => {
      const refuses = (cert: string, key: string, reason: string) =>
        assertRefuses(
          ["--port=0", "--tls-cert", path(cert), "--tls-key", path(key)],
          1,
          reason,
        );
      await refuses("none", "key", `Cannot read "${path("none")}": there is no such file`);
      await refuses("cert", ".", `Cannot read "${path(".")}": it is a directory`);
      await refuses("garbage", "key", `Cannot use "${path("garbage")}": it holds no certificate`);
      await refuses("empty", "key", `Cannot use "${path("empty")}": it holds no certificate`);
      await refuses("cert", "garbage", `Cannot use "${path("garbage")}": it holds no private key`);
      await refuses("key", "cert", `Cannot use "${path("key")}": it holds no certificate`);
      await refuses("cert", "other", `Cannot use "${path("other")}": it is not the key of`);
    },
  ));

Deno.test("serveAlone() exits 2 when there is a certificate without a key", () =>
  assertRefuses(["--tls-cert=c.pem"], 2, "--tls-cert: needs --tls-key too"));

const tls = Deno.version.deno.localeCompare("2.9.6", "en", { numeric: true }) >= 0;

Deno.test({
  name: `serveAlone() speaks TLS, also with certificate and key in one file${
    tls ? "" : " (ignored: needs Deno 2.9.6)"
  }`,
  ignore: !tls,
  fn: () =>
    withFiles({ both: TEST_KEY + TEST_CERTIFICATE }, async (path) => {
      const args = ["--port=0", "--tls-cert", path("both"), "--tls-key", path("both")];
      await using process = fourtuple(args);
      const url = await servedAt(process);
      assertEquals(url.protocol, "https:");
      using client = Deno.createHttpClient({ caCerts: [TEST_CERTIFICATE] });
      const page = await fetch(url, { client });
      assertStringIncludes(await page.text(), "<title>");
    }),
});

Deno.test("serveAlone() exits 1 when the ops port cannot be had, before it serves", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const admin = `127.0.0.1:${taken.addr.port}`;
  const reason = `Ops port: Cannot listen on ${admin}: the port is in use`;
  await assertRefuses(["--port=0", "--admin", admin], 1, reason);
});

Deno.test("serveAlone() exits 1 when the audit log cannot be opened", () =>
  assertRefuses(
    ["--port=0", "--admin=127.0.0.1:0", "--audit-log=/nowhere/f"],
    1,
    'Cannot write to "/nowhere/f"',
  ));
