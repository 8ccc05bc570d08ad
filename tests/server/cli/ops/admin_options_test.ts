import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readAdminAccess } from "../../../../server/cli/ops/admin_options.ts";

function read(flags: Record<string, string>, env: Record<string, string> = {}) {
  const problems: string[] = [];
  const readFile = (path: string): string => {
    if (path !== "there") throw new Deno.errors.NotFound();
    return "of-the-file\n";
  };
  const { url, token } = readAdminAccess(flags, { env, readFile }, problems);
  return { url: url.href, token, problems };
}

Deno.test("readAdminAccess() asks this host where nothing is said", () => {
  assertEquals(read({}), { url: "http://127.0.0.1:6455/", token: undefined, problems: [] });
});

for (
  const [given, url] of [
    ["localhost:80", "http://localhost/"],
    ["[::1]:6455", "http://[::1]:6455/"],
    ["http://ops.example", "http://ops.example/"],
    ["https://ops.example:444/fourtuple", "https://ops.example:444/fourtuple/"],
  ] as const
) {
  Deno.test(`readAdminAccess() takes ${given}`, () => {
    assertEquals(read({ admin: given }).url, url);
    assertEquals(read({}, { FOURTUPLE_ADMIN: given }).url, url);
    assertEquals(read({ admin: given }, { FOURTUPLE_ADMIN: "nonsense" }).problems, []);
  });
}

for (
  const given of [
    "",
    "6455",
    "localhost",
    "ftp://a:1",
    "http://user:secret@a:1",
    "http://a:1/?q",
    "a/b:1",
    "a:99999",
    "a b:1",
  ]
) {
  Deno.test(`readAdminAccess() refuses "${given}"`, () => {
    const { problems } = read({ admin: given });
    assertEquals(problems.length, 1);
    assertStringIncludes(problems[0]!, "--admin: expected HOST:PORT or a URL");
    assertStringIncludes(read({}, { FOURTUPLE_ADMIN: given }).problems[0]!, "FOURTUPLE_ADMIN: ");
  });
}

Deno.test("readAdminAccess() takes a token from a flag, its file or a variable, in that order", () => {
  const env = { FOURTUPLE_ADMIN_TOKEN: "of-the-variable", FOURTUPLE_ADMIN_TOKEN_FILE: "there" };
  assertEquals(read({ token: "of-the-flag" }, env).token, "of-the-flag");
  assertEquals(read({ "token-file": "there" }, env).token, "of-the-file");
  assertEquals(read({}, env).token, "of-the-variable");
  assertEquals(read({}, { FOURTUPLE_ADMIN_TOKEN_FILE: "there" }).token, "of-the-file");
});

Deno.test("readAdminAccess() says what is wrong with a token, and does not show it", () => {
  for (const token of ["with blank", "größer", "line\nfeed"]) {
    const { problems } = read({ token });
    assertEquals(problems.length, 1, token);
    assertStringIncludes(problems[0]!, "--token: expected a token of visible ASCII");
    assert(!problems[0]!.includes(token));
  }
  const empty = "expected a text that is not empty";
  assertEquals(read({ token: "" }).problems, [`--token: ${empty}`]);
  for (const name of ["FOURTUPLE_ADMIN_TOKEN", "FOURTUPLE_ADMIN_TOKEN_FILE"]) {
    assertEquals(read({}, { [name]: "" }).problems, [`${name}: ${empty}`]);
  }
  assertEquals(read({ "token-file": "gone" }).problems, [
    '--token-file: "gone" cannot be read: there is no such file',
  ]);
  assertEquals(read({}, { FOURTUPLE_ADMIN_TOKEN_FILE: "gone" }).problems, [
    'FOURTUPLE_ADMIN_TOKEN_FILE: "gone" cannot be read: there is no such file',
  ]);
  assertEquals(read({ token: "a", "token-file": "there" }).problems, [
    "--token-file: --token is given too",
  ]);
});
