/** One piece of a module's text; comments and white space are no tokens. */
export interface Token {
  /** Names, keywords and numbers are words; the text of a template is a string. */
  readonly kind: "word" | "string" | "regexp" | "punctuator";
  /** As it stands in the source; of a string what is between its quotes. */
  readonly text: string;
}

/** A module as the rules of the architecture see it. */
export interface Module {
  /** Its path from the root of the checkout, such as `server/net/tls.ts`. */
  readonly path: string;
  readonly tokens: readonly Token[];
  /** What it imports or re-exports, types too, as it is written. */
  readonly specifiers: readonly string[];
}

/** The modules of a checkout by their paths. */
export type ModuleGraph = ReadonlyMap<string, Module>;

/** Stands for a specifier that only running the module would tell. */
export const COMPUTED = "import() of a computed specifier";

const PIECE_REGEXP =
  /\s+|\/\/[^\n]*|\/\*[^]*?\*\/|"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*'|#?[\w$\u0080-\uffff]+|\.\.\.|\?\.|[^]/y;
const TEMPLATE_REGEXP = /(?:\\[^]|\$(?!\{)|[^`\\$])*(?:`|\$\{)/y;
const REGEXP_REGEXP = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/\w*/y;

/** After these words a slash begins a regular expression; after other words it divides. */
const BEFORE_REGEXP = new Set(["return", "typeof", "case", "in", "of", "await", "yield", "throw"]);

/** Cuts TypeScript into tokens. It knows just enough of the grammar to tell code from text. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  /** For each template that is open, how many braces are open in its expression. */
  const templates: number[] = [];
  let at = 0;

  const take = (regexp: RegExp): string => {
    regexp.lastIndex = at;
    const text = regexp.exec(source)?.[0];
    if (text === undefined) throw new SyntaxError(`Cannot read the source at character ${at}`);
    at += text.length;
    return text;
  };
  const takeTemplate = () => {
    const text = take(TEMPLATE_REGEXP);
    const ended = text.endsWith("`");
    tokens.push({ kind: "string", text: text.slice(0, ended ? -1 : -2) });
    if (!ended) templates.push(0);
  };

  while (at < source.length) {
    const last = tokens.at(-1);
    if (source[at] === "/" && !/[/*]/.test(source[at + 1] ?? "") && beginsRegexp(last)) {
      tokens.push({ kind: "regexp", text: take(REGEXP_REGEXP) });
      continue;
    }
    const text = take(PIECE_REGEXP);
    const open = templates.at(-1);
    if (/^(?:\s|\/\/|\/\*)/.test(text)) continue;
    if (text === "`") {
      takeTemplate();
    } else if (text === "}" && open === 0) {
      templates.pop();
      takeTemplate();
    } else if (/^["']./.test(text)) {
      tokens.push({ kind: "string", text: text.slice(1, -1) });
    } else {
      if (open !== undefined && text === "{") templates.push(templates.pop()! + 1);
      if (open !== undefined && text === "}") templates.push(templates.pop()! - 1);
      tokens.push({ kind: /^[#\w$\u0080-\uffff]/.test(text) ? "word" : "punctuator", text });
    }
  }
  return tokens;
}

function beginsRegexp(last: Token | undefined): boolean {
  if (last === undefined) return true;
  if (last.kind === "word") return BEFORE_REGEXP.has(last.text);
  return last.kind === "punctuator" && ![")", "]"].includes(last.text);
}

/** Reads one module. */
export function parseModule(path: string, source: string): Module {
  const tokens = tokenize(source);
  return { path, tokens, specifiers: [...specifiersOf(tokens)] };
}

function* specifiersOf(tokens: readonly Token[]): Generator<string> {
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1];
    if (token.kind !== "word" || next === undefined) continue;
    if (["from", "import"].includes(token.text) && next.kind === "string") yield next.text;
    if (token.text === "import" && next.text === "(" && next.kind === "punctuator") {
      const argument = tokens[index + 2];
      const literal = argument?.kind === "string" && /^[),]$/.test(tokens[index + 3]?.text ?? "");
      yield literal ? argument.text : COMPUTED;
    }
  }
}

/** Reads modules that a test makes up, given by their paths. */
export function parseModules(sources: Record<string, string>): ModuleGraph {
  return new Map(
    Object.entries(sources).map(([path, source]) => [path, parseModule(path, source)]),
  );
}

/** The checkout that this file is in. */
export const ROOT: URL = new URL("../../", import.meta.url);

/** Lists the files at or below some paths of the checkout; a path that is not there has none. */
export async function* listFiles(...paths: string[]): AsyncGenerator<string> {
  for (const path of paths) {
    const info = await Deno.stat(new URL(path, ROOT)).catch(() => undefined);
    if (info?.isFile) yield path;
    if (!info?.isDirectory) continue;
    for await (const entry of Deno.readDir(new URL(path, ROOT))) {
      yield* listFiles(`${path}/${entry.name}`);
    }
  }
}

/** Reads every module at or below some paths of the checkout; the pages of apps are none. */
export async function readModules(...paths: string[]): Promise<ModuleGraph> {
  const modules = new Map<string, Module>();
  for await (const path of listFiles(...paths)) {
    if (!/\.ts$|^client\/\w+\.js$/.test(path)) continue;
    modules.set(path, parseModule(path, await Deno.readTextFile(new URL(path, ROOT))));
  }
  return modules;
}

/** What the checkout calls itself, and the files behind that. */
const OWN_NAMES: ReadonlyMap<string, string> = new Map([
  ["@fourtuple/fourtuple", "mod.ts"],
  ["@fourtuple/fourtuple/ops", "server/ops.ts"],
  ["@fourtuple/fourtuple/protocol", "protocol/mod.ts"],
  ["@fourtuple/fourtuple/reconnecting", "client/reconnecting_mod.ts"],
]);

/** Finds the path that a specifier means; `undefined` for what is not in the checkout. */
export function resolveSpecifier(specifier: string, from: string): string | undefined {
  if (!/^\.{0,2}\//.test(specifier)) return OWN_NAMES.get(specifier.replace(/^jsr:/, ""));
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}

/** Lists the paths in the checkout that a module imports. */
export function importsOf(module: Module): string[] {
  return module.specifiers.flatMap((it) => resolveSpecifier(it, module.path) ?? []);
}

/** Lists the modules that some modules reach, themselves among them. */
export function reachedFrom(graph: ModuleGraph, ...entries: string[]): Module[] {
  const reached = new Map<string, Module>();
  const waiting = [...entries];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const module = graph.get(path);
    if (module === undefined || reached.has(path)) continue;
    reached.set(path, module);
    waiting.push(...importsOf(module));
  }
  return [...reached.values()];
}
