import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { flagOf, readSettings, variableOf } from "../../../../server/cli/serve/read_settings.ts";
import { SETTINGS } from "../../../../server/cli/serve/setting_table.ts";
import type { Settings } from "../../../../server/cli/serve/settings.ts";

/** What surrounds a test: variables, and files by path. */
interface Around {
  env?: Record<string, string>;
  files?: Record<string, unknown>;
}

/** Reads settings where there is nothing but what the test says; a file that is no text is JSON. */
function read(args: readonly string[], { env = {}, files = {} }: Around = {}) {
  return readSettings(args, {
    env,
    readFile(path) {
      const file = files[path];
      if (file === undefined) throw new Deno.errors.NotFound(path);
      return typeof file === "string" ? file : JSON.stringify(file);
    },
  });
}

function settingsOf(args: readonly string[], around?: Around): Settings {
  const result = read(args, around);
  if ("problems" in result) throw new Error(result.problems.join("\n"));
  return result.settings;
}

function problemsOf(args: readonly string[], around?: Around): readonly string[] {
  const result = read(args, around);
  return "problems" in result ? result.problems : [];
}

const TOKEN = "0123456789abcdef";
const PORT = "expected an integer from 0 to 65535";
const ORIGIN =
  'expected an origin such as https://a.example or https://*.a.example, or "*" alone for all';

Deno.test("readSettings() refuses a line of a head that is longer than the head", () => {
  const expected = "expected at most headBytes, which is";
  assertEquals(problemsOf(["--head-line-bytes=16385"]), [
    `--head-line-bytes: ${expected} 16384, received 16385`,
  ]);
  assertEquals(
    problemsOf(["--head-bytes=500"], { env: { FOURTUPLE_HEAD_LINE_BYTES: "501" } }),
    [`FOURTUPLE_HEAD_LINE_BYTES: ${expected} 500, received 501`],
  );
  assertEquals(settingsOf(["--head-bytes=500", "--head-line-bytes=500"]).limits.headBytes, 500);
  assertEquals(problemsOf(["--head-bytes=500"]), []);
});

Deno.test("readSettings() says where there is a problem that the log is JSON all the same", () => {
  const json = ["--log-format=json", "--port=x"];
  assertEquals(read(json), { problems: [`--port: ${PORT}, received "x"`], json: true });
  assertEquals(read(json.slice(1)), { problems: [`--port: ${PORT}, received "x"`] });
});

Deno.test("flagOf() and variableOf() write a name in the manner of flags and of variables", () => {
  assertEquals(flagOf("port"), "--port");
  assertEquals(flagOf("messageBytes"), "--message-bytes");
  assertEquals(variableOf("port"), "FOURTUPLE_PORT");
  assertEquals(variableOf("connectionsPerAddress"), "FOURTUPLE_CONNECTIONS_PER_ADDRESS");
});

Deno.test("readSettings() gives the defaults when nothing is set", () => {
  assertEquals(settingsOf([]), {
    app: "talk",
    host: "127.0.0.1",
    port: 8080,
    proxyProtocol: false,
    figures: true,
    logFormat: "pretty",
    logLevel: "info",
    workers: 1,
    drainDeadline: 30_000,
    deflate: false,
    deflateThreshold: 1_024,
    deflateLevel: 6,
    deflateMemoryLevel: 8,
    deflateWindowBits: 15,
    deflateContextTakeover: false,
    limits: {},
  });
});

Deno.test("readSettings() prefers flags to variables, and variables to the file", () => {
  const around = {
    files: { "f.json": { port: 1, host: "file", messageBytes: 10, figures: true } },
    env: { FOURTUPLE_PORT: "2", FOURTUPLE_HOST: "env", FOURTUPLE_FIGURES: "false" },
  };
  const { port, host, figures, limits } = settingsOf(["--config", "f.json", "--port=3"], around);
  assertEquals([port, host, figures, limits], [3, "env", false, { messageBytes: 10 }]);
});

Deno.test("readSettings() wants --admin for an audit log, and no empty token", () => {
  assertEquals(readSettings(["--audit-log=f"], { env: {}, readFile: () => "" }), {
    problems: ["--audit-log: needs --admin too"],
  });
  const env = { FOURTUPLE_ADMIN_TOKEN: "" };
  assertEquals(readSettings([], { env, readFile: () => "" }), {
    problems: ["FOURTUPLE_ADMIN_TOKEN: expected a text that is not empty"],
  });
});

Deno.test("readSettings() takes the file that FOURTUPLE_CONFIG names, unless --config does", () => {
  const files = { "a.json": { port: 1 }, "b.json": { port: 2 } };
  const env = { FOURTUPLE_CONFIG: "a.json" };
  assertEquals(settingsOf([], { env, files }).port, 1);
  assertEquals(settingsOf(["--config", "b.json"], { env, files }).port, 2);
});

/** For each setting a value as text, and the same as the file holds it. */
const EXAMPLES: Record<string, [text: string, value: unknown]> = {
  app: ["echo", "echo"],
  topicBytes: ["100", 100],
  host: ["::1", "::1"],
  tlsCert: ["c.pem", "c.pem"],
  tlsKey: ["k.pem", "k.pem"],
  origin: ["https://a.example,*", ["https://a.example", "*"]],
  figures: ["false", false],
  logFormat: ["json", "json"],
  logLevel: ["debug", "debug"],
  workers: Deno.build.os === "linux" ? ["auto", "auto"] : ["1", 1],
  trustedProxy: ["10.0.0.0/8,::1", ["10.0.0.0/8", "::1"]],
  proxyProtocol: ["true", true],
  forwardedHeader: ["forwarded", "forwarded"],
  whenFull: ["drop", "drop"],
  admin: ["[::1]:6455", "[::1]:6455"],
  adminToken: [TOKEN, TOKEN],
  adminTokenFile: ["token", "token"],
  adminHost: ["ops.example, a.example:8443", ["ops.example", "a.example:8443"]],
  auditLog: ["audit.jsonl", "audit.jsonl"],
  deflate: ["true", true],
  deflateLevel: ["9", 9],
  deflateMemoryLevel: ["1", 1],
  deflateWindowBits: ["8", 8],
  deflateContextTakeover: ["true", true],
};

/** What some settings are given with, as they mean nothing alone. */
const NEEDED: Record<string, string> = {
  tlsCert: "--tls-key=x",
  tlsKey: "--tls-cert=x",
  trustedProxy: "--proxy-protocol",
  proxyProtocol: "--trusted-proxy=::1",
  forwardedHeader: "--trusted-proxy=::1",
  adminHost: "--admin=127.0.0.1:0",
  auditLog: "--admin=127.0.0.1:0",
  deflateThreshold: "--deflate",
  deflateLevel: "--deflate",
  deflateMemoryLevel: "--deflate",
  deflateWindowBits: "--deflate",
  deflateContextTakeover: "--deflate",
};

function isSwitch(word: string): boolean {
  return word === "true" || word === "false";
}

for (const { name } of SETTINGS) {
  Deno.test(`readSettings() reads ${name} from a flag, a variable and the file alike`, () => {
    const [text, value] = EXAMPLES[name] ?? ["1000", 1000];
    const more = NEEDED[name] === undefined ? [] : [NEEDED[name]];
    const files = { f: { [name]: value }, token: TOKEN };
    const found = [
      settingsOf([...more, `${flagOf(name)}=${text}`], { files }),
      settingsOf([...more, flagOf(name), text].filter((word) => !isSwitch(word)), { files }),
      settingsOf(more, { files, env: { [variableOf(name)]: text } }),
      settingsOf([...more, "--config=f"], { files }),
    ];
    for (const settings of name === "figures" ? [found[0]!, ...found.slice(2)] : found) {
      assertEquals({ ...settings, ...settings.limits }[name as keyof Settings], value);
    }
  });
}

Deno.test("readSettings() lists the problems of all three sources at once, each with its place", () => {
  assertEquals(
    problemsOf(["extra", "--port", "x", "--nope", "--config", "f.json"], {
      env: { FOURTUPLE_APP: "chat", FOURTUPLE_NOPE: "1", FOURTUPLE_port: "1", OTHER: "1" },
      files: { "f.json": { host: 5, limits: {}, logLevel: "loud", tlsKey: "k.pem" } },
    }),
    [
      '"extra": unexpected argument',
      "--nope: no such option",
      "f.json: host: expected a text, received 5",
      'f.json: logLevel: expected one of debug, info, warning, error, received "loud"',
      "f.json: limits: no such setting",
      'FOURTUPLE_APP: expected one of talk, echo, broadcast, relay, received "chat"',
      "FOURTUPLE_NOPE: no such setting",
      "FOURTUPLE_port: no such setting",
      `--port: ${PORT}, received "x"`,
      "f.json: tlsKey: needs tlsCert too",
    ],
  );
});

Deno.test("readSettings() wants trusted proxies, and how they tell a client, together", () => {
  const problems: [string[], string[]][] = [
    [["--trusted-proxy=::1"], [
      "--trusted-proxy: needs --proxy-protocol or --forwarded-header or --admin too",
    ]],
    [["--trusted-proxy=::1", "--no-proxy-protocol"], [
      "--trusted-proxy: needs --proxy-protocol or --forwarded-header or --admin too",
    ]],
    [["--proxy-protocol"], ["--proxy-protocol: needs --trusted-proxy too"]],
    [["--forwarded-header=forwarded"], ["--forwarded-header: needs --trusted-proxy too"]],
    [["--trusted-proxy=::1,10.0.0.1/8", "--forwarded-header=via"], [
      "--trusted-proxy[1]: expected an address such as 10.0.0.1, or a network such as " +
      '10.0.0.0/8, received "10.0.0.1/8"',
      '--forwarded-header: expected one of x-forwarded-for, forwarded, received "via"',
    ]],
  ];
  for (const [args, expected] of problems) assertEquals(problemsOf(args), expected);
  assertEquals(settingsOf(["--no-proxy-protocol"]).proxyProtocol, false);
});

Deno.test("readSettings() names a value once that is wrong in two ways", () => {
  for (
    const [port, shown] of [
      [1e16, "10000000000000000"],
      [1.5, "1.5"],
      [-1, "-1"],
      [65_536, "65536"],
      [null, "null"],
      [true, "true"],
      [[], "[]"],
      ["80", '"80"'],
    ] as const
  ) {
    const files = { f: { port } };
    const problems = problemsOf(["--config=f"], { files });
    assertEquals(problems, [`f: port: ${PORT}, received ${shown}`]);
  }
  const huge = problemsOf(["--config=f"], { files: { f: '{"port": 1e400}' } });
  assertEquals(huge, [`f: port: ${PORT}, received Infinity`]);
});

for (
  const text of [
    "",
    "-1",
    "65536",
    "9999999999999999",
    "99999999999999999999",
    "1e3",
    "0x10",
    "1.5",
    "1_000",
    " 80",
    "80 ",
    "+80",
    "٣",
    "NaN",
  ]
) {
  Deno.test(`readSettings() refuses the port "${text}" of a flag and of a variable`, () => {
    const shown = ["-1", "65536", "9999999999"].includes(text) ? text : JSON.stringify(text);
    const problem = `${PORT}, received ${shown}`;
    assertEquals(problemsOf([`--port=${text}`]), [`--port: ${problem}`]);
    assertEquals(problemsOf([], { env: { FOURTUPLE_PORT: text } }), [`FOURTUPLE_PORT: ${problem}`]);
  });
}

Deno.test("readSettings() refuses a flag that comes last and lacks its value", () => {
  assertEquals(problemsOf(["--port"]), [`--port: ${PORT}, received ""`]);
  assertEquals(problemsOf(["--host"]), ['--host: expected a text that is not empty, received ""']);
  assertEquals(problemsOf(["--config"]), ["--config: expected a text that is not empty"]);
});

Deno.test("readSettings() does not take the next flag for a value", () => {
  assertEquals(problemsOf(["--port", "-1"]), [`--port: ${PORT}, received -1`]);
  assertEquals(problemsOf(["--port", "--figures"]), [`--port: ${PORT}, received ""`]);
});

Deno.test("readSettings() refuses a flag that is given twice, except a list", () => {
  assertEquals(problemsOf(["--port=1", "--port", "1"]), ["--port: given twice"]);
  assertEquals(problemsOf(["--figures", "--no-figures"]), ["--figures: given twice"]);
  assertEquals(problemsOf(["--config=a", "--config=b"], { files: { a: {}, b: {} } }), [
    "--config: given twice",
  ]);
});

Deno.test("readSettings() turns a switch on and off", () => {
  assertEquals(settingsOf(["--figures"]).figures, true);
  assertEquals(settingsOf(["--no-figures"]).figures, false);
  assertEquals(settingsOf(["--figures=true"]).figures, true);
  assertEquals(settingsOf(["--figures=false"]).figures, false);
  assertEquals(settingsOf(["--no-figures"], { env: { FOURTUPLE_FIGURES: "true" } }).figures, false);
});

Deno.test("readSettings() refuses a switch that is neither on nor off", () => {
  const problem = "expected true or false";
  assertEquals(problemsOf(["--figures=maybe"]), [`--figures: ${problem}, received "maybe"`]);
  assertEquals(problemsOf(["--figures="]), [`--figures: ${problem}, received ""`]);
  assertEquals(problemsOf(["--no-figures=false"]), ["--no-figures=false: no such option"]);
  assertEquals(problemsOf(["--figures", "off"]), ['"off": unexpected argument']);
  assertEquals(problemsOf([], { env: { FOURTUPLE_FIGURES: "1" } }), [
    `FOURTUPLE_FIGURES: ${problem}, received "1"`,
  ]);
  assertEquals(problemsOf([], { env: { FOURTUPLE_FIGURES: "" } }), [
    `FOURTUPLE_FIGURES: ${problem}, received ""`,
  ]);
});

Deno.test("readSettings() knows --no- for switches alone", () => {
  assertEquals(problemsOf(["--no-port", "--no-port=1", "--no-"]), [
    "--no-port=1: no such option",
    "--no-port: no such option",
    "--no-: no such option",
  ]);
});

Deno.test("readSettings() lists every argument that is no option, those behind -- too", () => {
  assertEquals(problemsOf(["one", "-x", "-p=1", "--_=2", "", "--", "two", "--port", "1"]), [
    '"one": unexpected argument',
    "-x: no such option",
    "-p=1: no such option",
    "--_=2: no such option",
    '"": unexpected argument',
    '"two": unexpected argument',
    '"--port": unexpected argument',
    '"1": unexpected argument',
  ]);
});

Deno.test("readSettings() escapes the name of what is no setting", () => {
  const files = { f: JSON.stringify({ "\x1b[2J\u202eport": 1 }) };
  assertEquals(problemsOf(["--config=f"], { files }), [
    "f: \\x1b[2J\\u{202e}port: no such setting",
  ]);
});

Deno.test("readSettings() does not take a name of the object's prototype for a setting", () => {
  const args = ["--constructor=1", "--to-string", "--__proto__=1", "--config=f"];
  const files = { f: '{"constructor": 1, "__proto__": {"port": 1}}' };
  assertEquals(problemsOf(args, { files }), [
    "--constructor=1: no such option",
    "--to-string: no such option",
    "--__proto__=1: no such option",
    "f: constructor: no such setting",
    "f: __proto__: no such setting",
  ]);
});

Deno.test("readSettings() takes a list from one flag, several flags, or a variable", () => {
  const [a, b] = ["https://a.example", "http://b.example:8080"];
  for (
    const { origin } of [
      settingsOf(["--origin", a, "--origin", b]),
      settingsOf(["--origin", `${a},${b}`]),
      settingsOf([], { env: { FOURTUPLE_ORIGIN: `${a}, ${b}` } }),
      settingsOf(["--config=f"], { files: { f: { origin: [a, b] } } }),
    ]
  ) assertEquals(origin, [a, b]);
});

Deno.test("readSettings() replaces a list by that of the stronger source", () => {
  const around = {
    env: { FOURTUPLE_ORIGIN: "https://env.example" },
    files: { f: { origin: ["https://file.example"] } },
  };
  assertEquals(settingsOf(["--config=f"], around).origin, ["https://env.example"]);
  assertEquals(settingsOf(["--config=f", "--origin=*"], around).origin, ["*"]);
});

Deno.test("readSettings() says which item of a list is wrong", () => {
  assertEquals(problemsOf(["--origin", "*", "--origin", "a.example/"]), [
    `--origin[1]: ${ORIGIN}, received "a.example/"`,
  ]);
  assertEquals(problemsOf([], { env: { FOURTUPLE_ORIGIN: "" } }), [
    `FOURTUPLE_ORIGIN[0]: ${ORIGIN}, received ""`,
  ]);
  const files = {
    f: { origin: ["a.example", 3, "https://a.example", "null", "https://a.example/b", "//a"] },
  };
  assertEquals(problemsOf(["--config=f"], { files }), [
    `f: origin[0]: ${ORIGIN}, received "a.example"`,
    "f: origin[1]: expected a text, received 3",
    "f: origin[4]: expected scheme, host and port alone, as browsers send no more, " +
    'received "https://a.example/b"',
    `f: origin[5]: ${ORIGIN}, received "//a"`,
  ]);
  assertEquals(problemsOf(["--config=f"], { files: { f: { origin: "*" } } }), [
    'f: origin: expected a list of texts, received "*"',
  ]);
});

Deno.test("readSettings() refuses a file that is missing, no JSON, or no object", () => {
  const files = { text: "port = 1", empty: "", list: [], nil: "null", number: "1" };
  const problems = ["missing", ...Object.keys(files)].flatMap((path) =>
    problemsOf(["--config", path], { files })
  );
  assertEquals(problems, [
    "missing: cannot be read: there is no such file",
    "text: is not JSON",
    "empty: is not JSON",
    "list: expected a JSON object, received []",
    "nil: expected a JSON object, received null",
    "number: expected a JSON object, received 1",
  ]);
});

Deno.test("readSettings() goes on to the flags when the file is wrong", () => {
  assertEquals(problemsOf(["--config", "missing", "--port", "x"]), [
    "missing: cannot be read: there is no such file",
    `--port: ${PORT}, received "x"`,
  ]);
});

Deno.test("readSettings() says where an empty name of a file came from", () => {
  assertEquals(problemsOf([], { env: { FOURTUPLE_CONFIG: "" } }), [
    "FOURTUPLE_CONFIG: expected a text that is not empty",
  ]);
});

Deno.test("readSettings() refuses an empty variable: it is set, to nothing", () => {
  const env = { FOURTUPLE_HOST: "", FOURTUPLE_APP: "", FOURTUPLE_CONNECTIONS: "" };
  assertEquals(problemsOf([], { env }), [
    'FOURTUPLE_APP: expected one of talk, echo, broadcast, relay, received ""',
    'FOURTUPLE_HOST: expected a text that is not empty, received ""',
    'FOURTUPLE_CONNECTIONS: expected an integer from 1 to 9007199254740991, received ""',
  ]);
});

Deno.test("readSettings() has app relay served by one worker only, from any source", () => {
  const reason = "expected 1, as app relay carries streams within one process";
  assertEquals(problemsOf(["--app=relay", "--workers=2"]), [`--workers: ${reason}`]);
  const env = { FOURTUPLE_WORKERS: "auto" };
  assertEquals(problemsOf(["--app=relay"], { env }), [`FOURTUPLE_WORKERS: ${reason}`]);
  assertEquals(settingsOf(["--app=relay", "--workers=1"]).app, "relay");
});

Deno.test("readSettings() needs the certificate and its key together, from any source", () => {
  assertEquals(problemsOf(["--tls-cert", "c.pem"]), ["--tls-cert: needs --tls-key too"]);
  assertEquals(problemsOf([], { env: { FOURTUPLE_TLS_KEY: "k.pem" } }), [
    "FOURTUPLE_TLS_KEY: needs FOURTUPLE_TLS_CERT too",
  ]);
  const files = { f: { tlsCert: "c.pem" } };
  assertEquals(problemsOf(["--config=f"], { files }), ["f: tlsCert: needs tlsKey too"]);
  const settings = settingsOf(["--tls-cert=c"], { env: { FOURTUPLE_TLS_KEY: "k" } });
  assertEquals([settings.tlsCert, settings.tlsKey], ["c", "k"]);
});

Deno.test("readSettings() takes the token from its file, without the line feed behind it", () => {
  const files = { t: `${TOKEN}\n` };
  const settings = settingsOf(["--admin=0.0.0.0:1", "--admin-token-file=t"], { files });
  assertEquals([settings.admin, settings.adminToken], ["0.0.0.0:1", TOKEN]);
});

Deno.test("readSettings() demands a token for an ops port beyond this host, together with other problems", () => {
  assertEquals(problemsOf(["--port=x"], { env: { FOURTUPLE_ADMIN: "0.0.0.0:6455" } }), [
    `--port: ${PORT}, received "x"`,
    'FOURTUPLE_ADMIN: needs a token, since not only this host reaches "0.0.0.0:6455"',
  ]);
  assertEquals(settingsOf(["--admin=127.0.0.1:6455"]).adminToken, undefined);
});

Deno.test("readSettings() does not show a token that it refuses", () => {
  const problem = "expected a token of at least 16 characters, printable ASCII without spaces";
  assertEquals(problemsOf(["--admin-token=hunter2"]), [`--admin-token: ${problem}`]);
  assertEquals(problemsOf(["--admin-token-file=t"], { files: { t: "hunter2" } }), [
    `--admin-token-file: t: ${problem}`,
  ]);
});

Deno.test("readSettings() keeps limits within their bounds", () => {
  const [limits] = [settingsOf(["--connections=1", "--linger-bytes=0"]).limits];
  assertEquals(limits, { connections: 1, lingerBytes: 0 });
  const problems = problemsOf([
    "--connections=0",
    "--ping-interval=2147483648",
    "--when-full=never",
  ]);
  assertEquals(problems.length, 3);
  assertStringIncludes(problems[0]!, "--connections: expected an integer from 1");
  assert(problems.some((problem) => problem.startsWith("--ping-interval: ")));
  assert(problems.includes('--when-full: expected one of close, drop, wait, received "never"'));
});

Deno.test("readSettings() ignores the variables that Kubernetes sets for a Service of this name", () => {
  const env = {
    FOURTUPLE_SERVICE_HOST: "10.0.0.11",
    FOURTUPLE_SERVICE_PORT: "8080",
    FOURTUPLE_SERVICE_PORT_WEB_1: "8080",
    FOURTUPLE_PORT: "tcp://10.0.0.11:8080",
    FOURTUPLE_PORT_8080_TCP: "tcp://10.0.0.11:8080",
    FOURTUPLE_PORT_8080_TCP_PROTO: "tcp",
    FOURTUPLE_PORT_8080_TCP_PORT: "8080",
    FOURTUPLE_PORT_8080_TCP_ADDR: "10.0.0.11",
    FOURTUPLE_ADMIN_SERVICE_HOST: "10.0.0.12",
    FOURTUPLE_ADMIN_SERVICE_PORT: "6455",
    FOURTUPLE_ADMIN_PORT: "tcp://10.0.0.12:6455",
    FOURTUPLE_ADMIN_PORT_6455_TCP_ADDR: "10.0.0.12",
  };
  assertEquals(settingsOf([], { env }), settingsOf([]));
});

Deno.test("readSettings() refuses what only looks like a variable of Kubernetes", () => {
  const env = {
    FOURTUPLE_PORT: "http://10.0.0.11:8080",
    FOURTUPLE_HOST: "tcp://10.0.0.11:8080",
    FOURTUPLE_PORT_8080: "tcp://10.0.0.11:8080",
    FOURTUPLE_PORT_8080_TCP_NAME: "web",
    FOURTUPLE_SERVICE: "10.0.0.11",
  };
  assertEquals(problemsOf([], { env }), [
    `FOURTUPLE_PORT: ${PORT}, received "http://10.0.0.11:8080"`,
    "FOURTUPLE_PORT_8080: no such setting",
    "FOURTUPLE_PORT_8080_TCP_NAME: no such setting",
    "FOURTUPLE_SERVICE: no such setting",
  ]);
});
