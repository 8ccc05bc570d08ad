import { assertEquals } from "@std/assert";
import {
  adminProblem,
  isLoopback,
  parseAdminAddress,
  settleToken,
  tokenProblem,
  type TokenSettings,
} from "../../../../server/cli/serve/admin_settings.ts";

const TOKEN = "0123456789abcdef";

Deno.test("parseAdminAddress() reads addresses and names with a port", () => {
  const at = (hostname: string, port: number) => ({ hostname, port });
  assertEquals(parseAdminAddress("127.0.0.1:6455"), at("127.0.0.1", 6455));
  assertEquals(parseAdminAddress("[::1]:0"), at("::1", 0));
  assertEquals(parseAdminAddress("[::]:65535"), at("::", 65_535));
  assertEquals(parseAdminAddress("ops.example:1"), at("ops.example", 1));
});

for (
  const text of [
    "",
    "6455",
    ":6455",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:x",
    "127.0.0.1:65536",
    "127.0.0.1:-1",
    "::1:6455",
    "[::1]",
    "[::g]:1",
    "[:::]:1",
    "[127.0.0.1]:1",
    "http://127.0.0.1:6455",
    "a b:1",
    "a:1\n",
  ]
) {
  Deno.test(`adminProblem() refuses ${JSON.stringify(text)}`, () => {
    assertEquals(parseAdminAddress(text), undefined);
    assertEquals(adminProblem(text), "expected HOST:PORT such as 127.0.0.1:6455 or [::1]:6455");
  });
}

Deno.test("tokenProblem() wants 16 characters that a header can carry", () => {
  assertEquals(tokenProblem(TOKEN), undefined);
  assertEquals(tokenProblem("!~".repeat(50)), undefined);
  assertEquals(tokenProblem(""), "expected a text that is not empty");
  for (const bad of [TOKEN.slice(1), `${TOKEN} `, `${TOKEN}\n`, `${TOKEN}é`, `a b${TOKEN}`]) {
    assertEquals(
      tokenProblem(bad),
      "expected a token of at least 16 characters, printable ASCII without spaces",
    );
  }
});

Deno.test("isLoopback() knows what only this host reaches, however it is written", () => {
  for (const host of ["127.0.0.1", "127.9.9.9", "::1", "0:0::1", "localhost"]) {
    assertEquals(isLoopback(host), true, host);
  }
  // A v4-mapped one is refused too: better one token too many.
  for (const host of ["0.0.0.0", "::", "192.0.2.1", "127.example", "::ffff:127.0.0.1", "a"]) {
    assertEquals(isLoopback(host), false, host);
  }
});

/** Settles and returns the problems; files are by name. */
function problemsOf(values: TokenSettings, files: Record<string, string> = {}): string[] {
  return settleToken(values, (name) => `--${name}`, (path) => {
    if (files[path] === undefined) throw new Deno.errors.NotFound();
    return files[path];
  });
}

Deno.test("settleToken() puts the token of the file among the settings", () => {
  const values: TokenSettings = { admin: "[::]:1", adminTokenFile: "t" };
  assertEquals(problemsOf(values, { t: `\n${TOKEN}\r\n` }), []);
  assertEquals(values.adminToken, TOKEN);
});

Deno.test("settleToken() says why a file gives no token", () => {
  assertEquals(problemsOf({ adminTokenFile: "t" }), [
    "--adminTokenFile: t: cannot be read: there is no such file",
  ]);
  assertEquals(problemsOf({ adminTokenFile: "t" }, { t: "" }).length, 1);
});

Deno.test("settleToken() refuses two tokens, and an open ops port without one", () => {
  assertEquals(problemsOf({ admin: "a:1", adminToken: TOKEN, adminTokenFile: "t" }), [
    "--adminTokenFile: cannot be given beside --adminToken",
  ]);
  const problem = '--admin: needs a token, since not only this host reaches "a:1"';
  assertEquals(problemsOf({ admin: "a:1" }), [problem]);
  for (const admin of ["localhost:1", "nonsense", 5, undefined]) {
    assertEquals(problemsOf({ admin }), []);
  }
});
