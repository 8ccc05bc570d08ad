import { COMPUTED, importsOf, type Module, type ModuleGraph, type Token } from "./module_graph.ts";

/** The rooms of the project, and which of them each may import. */
const MAY_IMPORT = {
  mod: ["protocol", "server", "client"],
  protocol: ["protocol"],
  server: ["server", "protocol"],
  // An app shows what anybody can build: it has the public face and nothing behind it.
  apps: ["apps", "mod"],
  admin: ["admin", "server", "protocol"],
  cli: ["cli", "apps", "client", "mod", "server", "protocol"],
  main: ["cli", "admin", "apps", "client", "mod", "server", "protocol"],
  client: ["client", "server", "protocol"],
  bench: ["bench", "main", "cli", "admin", "apps", "client", "mod", "server", "protocol"],
  tests: ["tests", "bench", "main", "cli", "admin", "apps", "client", "mod", "server", "protocol"],
} as const satisfies Record<string, readonly string[]>;

type Room = keyof typeof MAY_IMPORT;

/** A client's connection is the same as a server's, with all that it is made of; it accepts none. */
const NOT_FOR_CLIENTS =
  /^server\/(?:(?:server|exchange|listener|admission)\.ts$|(?!(?:deflate|loop|net|metrics|topics|connection)\/)\w+\/)/;

/** What an app may send to browsers as it is. */
const FOR_PAGES = /^client\/\w+\.js$/;

function roomOf(path: string): Room | undefined {
  const [first, second] = path.split("/");
  if (path === "mod.ts") return "mod";
  if (path === "server/main.ts") return "main";
  if (first === "server" && (second === "apps" || second === "cli" || second === "admin")) {
    return second;
  }
  switch (first) {
    case "protocol":
    case "server":
    case "client":
    case "bench":
    case "tests":
      return first;
    default:
      return undefined;
  }
}

/** Lists the imports that point the wrong way, out of the project, or nobody can tell where. */
export function misdirectedImports(graph: ModuleGraph): string[] {
  return [...graph.values()].flatMap((module) => {
    const room = roomOf(module.path);
    if (room === undefined) return [`${module.path} is in no room`];
    const allowed: readonly string[] = MAY_IMPORT[room];
    const wrong = importsOf(module).filter((path) =>
      path !== "deno.json" && (!allowed.includes(roomOf(path) ?? "none") ||
        (room === "client" && NOT_FOR_CLIENTS.test(path))) &&
      !(room === "apps" && FOR_PAGES.test(path))
    );
    // Elsewhere a computed import could go round every rule; tests and benches bind nobody.
    const hidden = room === "tests" || room === "bench"
      ? []
      : module.specifiers.filter((it) => it === COMPUTED);
    return [...wrong, ...hidden].map((it) => `${module.path} -> ${it}`);
  });
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
