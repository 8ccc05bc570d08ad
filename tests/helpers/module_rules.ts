import { COMPUTED, importsOf, type Module, type ModuleGraph, type Token } from "./module_graph.ts";

/** A room: its subject, and the rooms whose files it may import besides its own. */
interface RoomRule {
  readonly subject: string;
  /** Rooms that stand before it in the table, so no import runs upward and there is no circle. */
  readonly mayImport: readonly string[];
}

const CONNECTION = [
  "protocol",
  "server/escape.ts",
  "server/log.ts",
  "server/limits.ts",
  "server/loop",
  "server/net",
  "server/metrics",
  "server/topics",
  "server/connection",
];
const SERVER = [
  ...CONNECTION,
  "server/sha1.ts",
  "server/host",
  "server/registry.ts",
  "server/process",
  "server/http",
  "server/operations",
  "server/options.ts",
  "server/server.ts",
];
const LIBRARY = [...SERVER, "server/cluster", "client", "mod.ts", "server/ops.ts"];
const PROGRAM = [...LIBRARY, "server/scale", "server/admin", "server/apps"];
const COMMAND = [...PROGRAM, "server/cli/version.ts", "server/cli/terminal", "server/cli/command"];
const COMMANDS = [
  "server/cli/serve",
  "server/cli/ops",
  "server/cli/decode",
  "server/cli/connect",
  "server/cli/host",
  "server/cli/completions",
];
const EVERYTHING = [...COMMAND, ...COMMANDS, "server/main.ts"];

/**
 * The rooms of the sources from the ground up. A file belongs to the room with the longest name that
 * its path begins with.
 */
const SOURCE_ROOMS: Readonly<Record<string, RoomRule>> = {
  "protocol": { subject: "RFC 6455, RFC 7692, heads and bodies of RFC 9112, pure", mayImport: [] },
  "server/escape.ts": { subject: "text that is fit to be shown", mayImport: [] },
  "server/log.ts": { subject: "the log", mayImport: ["server/escape.ts"] },
  "server/limits.ts": { subject: "every bound of a server", mayImport: ["protocol"] },
  "server/sha1.ts": { subject: "one hash", mayImport: [] },
  "server/loop": { subject: "the time of the event loop", mayImport: [] },
  "server/net": {
    subject: "bytes of TCP and TLS sockets, and the addresses of both ends",
    mayImport: ["protocol", "server/log.ts", "server/loop"],
  },
  "server/host": {
    subject: "limits and use of the host and of this process",
    mayImport: ["server/loop", "server/net"],
  },
  "server/metrics": { subject: "counters for Prometheus", mayImport: ["protocol", "server/loop"] },
  "server/topics": {
    subject: "one message for many connections",
    mayImport: ["protocol", "server/log.ts", "server/loop"],
  },
  "server/connection": {
    subject: "one open WebSocket connection, in either role",
    mayImport: CONNECTION.filter((room) => room !== "server/connection"),
  },
  "server/registry.ts": {
    subject: "all open connections",
    mayImport: ["server/net", "server/host", "server/connection"],
  },
  "server/process": {
    subject: "child processes and the link to them",
    mayImport: ["protocol", "server/loop", "server/net", "server/connection"],
  },
  "server/http": {
    subject: "a connection from accept to 101 or another answer",
    mayImport: [...CONNECTION, "server/sha1.ts", "server/host", "server/registry.ts"],
  },
  "server/operations": {
    subject: "questions and orders of an operator",
    mayImport: [...CONNECTION, "server/host", "server/registry.ts"],
  },
  "server/options.ts": {
    subject: "the options of serve(), and the server that it returns",
    mayImport: SERVER.filter((room) =>
      !["server/process", "server/options.ts", "server/server.ts"].includes(room)
    ),
  },
  "server/server.ts": {
    subject: "composition and life of a server",
    mayImport: SERVER.filter((room) => room !== "server/server.ts"),
  },
  "server/cluster": { subject: "one server of several processes", mayImport: SERVER },
  "client": { subject: "connecting to a server", mayImport: [...CONNECTION, "server/sha1.ts"] },
  "mod.ts": { subject: "the library", mayImport: [...SERVER, "server/cluster", "client"] },
  "server/ops.ts": {
    subject: "the library for operators",
    mayImport: [...SERVER, "server/cluster"],
  },
  "server/scale": {
    subject: "many connections at once",
    mayImport: [...SERVER, "server/cluster", "client"],
  },
  "server/admin": {
    subject: "the ops port",
    mayImport: SERVER.filter((room) => !["server/options.ts", "server/server.ts"].includes(room)),
  },
  // An app shows what anybody can build: it has the public face and nothing below it.
  "server/apps": { subject: "the apps of the binary", mayImport: ["mod.ts", "server/ops.ts"] },
  "server/cli/version.ts": { subject: "the version", mayImport: [] },
  "server/cli/terminal": { subject: "text and keys of a terminal", mayImport: PROGRAM },
  "server/cli/command": {
    subject: "the parts of every command",
    mayImport: [...PROGRAM, "server/cli/version.ts", "server/cli/terminal"],
  },
  "server/cli/serve": { subject: "the command serve", mayImport: COMMAND },
  "server/cli/ops": {
    subject: "the commands that ask the ops port",
    mayImport: [...COMMAND, "server/cli/serve"],
  },
  "server/cli/decode": { subject: "the command decode", mayImport: COMMAND },
  "server/cli/connect": {
    subject: "the command connect",
    mayImport: [...COMMAND, "server/cli/decode"],
  },
  "server/cli/host": { subject: "the commands doctor and myth", mayImport: COMMAND },
  "server/cli/completions": {
    subject: "scripts for shells",
    mayImport: [...COMMAND, "server/cli/serve", "server/cli/decode"],
  },
  "server/main.ts": { subject: "the process", mayImport: [...COMMAND, ...COMMANDS] },
  "bench": { subject: "measurements", mayImport: EVERYTHING },
};

/** The rooms that all tests may use: helpers, and library and program as their users see them. */
const TESTS = [
  "tests/vectors",
  "tests/helpers",
  "protocol",
  "mod.ts",
  "server/ops.ts",
  "server/main.ts",
];

/**
 * All rooms. The tests of a room may import the room, what it may import, and what all tests may use.
 */
export const ROOMS: Readonly<Record<string, RoomRule>> = {
  ...SOURCE_ROOMS,
  "tests/vectors": { subject: "inputs and their outcomes", mayImport: ["protocol"] },
  "tests/helpers": {
    subject: "fakes and tools of tests",
    mayImport: [...EVERYTHING, "tests/vectors"],
  },
  ...Object.fromEntries(
    Object.entries(SOURCE_ROOMS).map(([room, { subject, mayImport }]) => [
      `tests/${room.replace(/\.ts$/, "_test.ts")}`,
      {
        subject: `tests of ${subject}`,
        mayImport: [...mayImport, room, ...TESTS],
      },
    ]),
  ),
  "tests/conformance": { subject: "rules and their tests", mayImport: [...EVERYTHING, ...TESTS] },
  "tests/fuzz": { subject: "fuzzing", mayImport: [...EVERYTHING, "bench", ...TESTS] },
  "tests/interop": {
    subject: "tests against programs of others",
    mayImport: [...EVERYTHING, ...TESTS],
  },
  "tests": {
    subject: "tests of the whole",
    mayImport: [...EVERYTHING, "bench", ...TESTS, "tests/conformance", "tests/fuzz"],
  },
};

/** What an app may send to browsers as it is. */
const FOR_PAGES = /^client\/\w+\.js$/;

/** Finds the room of a file. */
export function roomOf(path: string): string | undefined {
  for (
    let name = path;
    name !== ".";
    name = name.includes("/") ? name.slice(0, name.lastIndexOf("/")) : "."
  ) {
    if (Object.hasOwn(ROOMS, name)) return name;
  }
  return undefined;
}

/** Lists the imports that run upward, out of the project, or nobody can tell where. */
export function misdirectedImports(graph: ModuleGraph): string[] {
  return [...graph.values()].flatMap((module) => {
    const room = roomOf(module.path);
    if (room === undefined) return [`${module.path} is in no room`];
    return [...importsOf(module), ...module.specifiers.filter((it) => it === COMPUTED)]
      .filter((target) => !isAllowed(room, target))
      .map((target) => `${module.path} -> ${target}: ${reasonOf(room, target)}`);
  });
}

function isAllowed(room: string, target: string): boolean {
  if (target === "deno.json" || (room === "server/apps" && FOR_PAGES.test(target))) return true;
  // Elsewhere a computed import could go round every rule; tests and benches bind nobody.
  if (target === COMPUTED) return /^(?:tests|bench)\b/.test(room);
  const other = roomOf(target);
  return other !== undefined && (other === room || ROOMS[room]!.mayImport.includes(other));
}

/** Says which rule an import breaks. */
function reasonOf(room: string, target: string): string {
  const other = roomOf(target);
  const where = other === undefined ? "no room" : `${other} (${ROOMS[other]!.subject})`;
  return `${room} (${ROOMS[room]!.subject}) may not import ${where}`;
}

/** Lists one cycle for each import that closes one; an import of types closes it too. */
export function importCycles(graph: ModuleGraph): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path].join(" -> "));
    if (start >= 0 || done.has(path)) return;
    const module = graph.get(path);
    if (module === undefined) return;
    for (const next of importsOf(module)) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return cycles;
}

/** Names that bring the world outside into a module. */
const IMPURE_NAMES = new Set([
  "Buffer",
  "Date",
  "Deno",
  "Temporal",
  "WebSocket",
  "Worker",
  "clearInterval",
  "clearTimeout",
  "console",
  "crypto",
  "fetch",
  "globalThis",
  "performance",
  "process",
  "queueMicrotask",
  "setImmediate",
  "setInterval",
  "setTimeout",
]);

/** Lists what in a module reaches for a socket, the clock, chance, a log or the host. */
export function impurities(module: Module): string[] {
  const { path, tokens } = module;
  return tokens.flatMap((token, index) => {
    const of = tokens[index - 2];
    const dotted = isDot(tokens[index - 1]);
    const isImpure = token.kind === "word" &&
      (dotted ? token.text === "random" && of?.text === "Math" : IMPURE_NAMES.has(token.text));
    return isImpure ? [`${path}: ${dotted ? "Math." : ""}${token.text}`] : [];
  });
}

function isDot(token: Token | undefined): boolean {
  return token?.kind === "punctuator" && (token.text === "." || token.text === "?.");
}

/**
 * Lists the imports of a module from outside the project that are neither the standard library nor
 * allowed by their beginning, such as `node:`.
 */
export function foreignImports(module: Module, ...allowed: string[]): string[] {
  const own = ["./", "../", "@fourtuple/", "@std/", ...allowed];
  return module.specifiers
    .filter((specifier) => !own.some((start) => specifier.startsWith(start)))
    .map((specifier) => `${module.path} -> ${specifier}`);
}

const RE_EXPORT_REGEXP = /^(?:export (?:type )?(?:\{[\w ,]*\}|\*(?: as \w+)?) from "" ?;? ?)*$/;

/** Whether a module consists of re-exports and comments. */
export function onlyReExports(module: Module): boolean {
  const code = module.tokens.map((token) => token.kind === "string" ? '""' : token.text);
  return RE_EXPORT_REGEXP.test(code.join(" "));
}

const RUNTIME_WORDS = new Set(["function", "class", "const", "let", "var", "enum", "default"]);

/** Whether something of a module is left when its types are erased. */
export function hasRuntime(module: Module): boolean {
  let depth = 0;
  return module.tokens.some(({ kind, text }) => {
    if (kind === "punctuator" && "{([".includes(text)) depth++;
    if (kind === "punctuator" && "})]".includes(text)) depth--;
    return depth === 0 && kind === "word" && RUNTIME_WORDS.has(text);
  });
}
