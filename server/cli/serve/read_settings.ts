import { z } from "zod";
import { escapeControls } from "../../escape.ts";
import { headLineProblem } from "../../limits.ts";
import { parseArgs } from "../command/parse_args.ts";
import { quote, readProblem } from "../terminal/problems.ts";
import { settleToken } from "./admin_settings.ts";
import { type Setting, SETTINGS } from "./setting_table.ts";
import { completeSettings, type Settings } from "./settings.ts";

const PREFIX = "FOURTUPLE_";

/** The variable that names the configuration file. */
const CONFIG = `${PREFIX}CONFIG`;

/** Everything that is wrong with the settings, or the settings. */
export type ReadSettings = { readonly settings: Settings } | {
  readonly problems: string[];
  /** Whether they say all the same that the log is JSON. */
  readonly json?: true;
};

/** Where settings come from besides the flags. */
export interface Surroundings {
  /** The environment's variables. */
  readonly env: Readonly<Record<string, string>>;
  /** Reads a whole file as text; throws when it cannot be read. */
  readonly readFile: (path: string) => string;
}

/**
 * What Kubernetes sets in every container beside a Service that is called `fourtuple`, or
 * `fourtuple-admin`, for that Service's address and ports; `FOURTUPLE_PORT` too, but with a URL. Those
 * are no settings.
 */
const SERVICE_VARIABLE =
  /^FOURTUPLE_(?:\w+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/;
const SERVICE_PORT = /^(?:tcp|udp|sctp):\/\//;

/** The values of one source, and how it calls a setting. */
interface Source {
  readonly values: Record<string, unknown>;
  /** Where it is, such as a file. */
  readonly place?: string;
  nameOf(name: string): string;
}

/** The flags that need no value, without their hyphens. */
const SWITCHES = SETTINGS.filter(({ kind }) => kind === "switch")
  .map(({ name }) => flagOf(name).slice(2));

/** Settings that mean nothing without another one, or without one of several. */
const NEEDS: readonly (readonly [given: keyof Settings, ...others: (keyof Settings)[]])[] = [
  ["tlsCert", "tlsKey"],
  ["tlsKey", "tlsCert"],
  ["trustedProxy", "proxyProtocol", "forwardedHeader", "admin"],
  ["proxyProtocol", "trustedProxy"],
  ["forwardedHeader", "trustedProxy"],
  ["adminHost", "admin"],
  ["auditLog", "admin"],
  ["deflateThreshold", "deflate"],
  ["deflateLevel", "deflate"],
  ["deflateMemoryLevel", "deflate"],
  ["deflateWindowBits", "deflate"],
  ["deflateContextTakeover", "deflate"],
];

/** The settings whose values are not shown. */
const SECRETS = new Set(SETTINGS.filter(({ secret }) => secret).map(({ name }) => name));

const SCHEMA = z.strictObject(
  Object.fromEntries(SETTINGS.map(({ name, schema }) => [name, schema.optional()])),
);

/** The flag of a setting: `--message-bytes` for `messageBytes`. */
export function flagOf(name: string): string {
  return `--${words(name).join("-")}`;
}

/** The variable of a setting: `FOURTUPLE_MESSAGE_BYTES` for `messageBytes`. */
export function variableOf(name: string): string {
  return PREFIX + words(name).join("_").toUpperCase();
}

function words(name: string): string[] {
  return name.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
}

/**
 * Reads the settings of `serve`: flags win over `FOURTUPLE_*` variables, which win over the file that
 * `--config` or `FOURTUPLE_CONFIG` names.
 *
 * @param args The flags.
 * @param surroundings The variables and the files.
 * @returns The settings, or everything that is wrong, each problem with the place it is at.
 */
export function readSettings(args: readonly string[], surroundings: Surroundings): ReadSettings {
  const problems: string[] = [];
  const flags = readFlags(args, problems);
  const env = readEnv(surroundings.env);
  const path = flags.config ?? surroundings.env[CONFIG];
  if (path === "") {
    const place = flags.config === undefined ? CONFIG : "--config";
    problems.push(`${place}: expected a text that is not empty`);
  }
  const file = path ? readFile(path, surroundings.readFile, problems) : undefined;
  const sources = [...file === undefined ? [] : [file], env, flags];
  for (const source of sources) problems.push(...problemsOf(source));
  const values = Object.assign({}, ...sources.map((source) => source.values));
  const placeIn = (name: string): string =>
    placeOf(sources.findLast(({ values }) => values[name] !== undefined)!, name);
  const isSet = (name: string): boolean => values[name] !== undefined && values[name] !== false;
  for (const [given, ...others] of NEEDS) {
    if (!isSet(given) || others.some(isSet)) continue;
    const source = sources.findLast(({ values }) => values[given] !== undefined)!;
    const names = others.map((name) => source.nameOf(name)).join(" or ");
    problems.push(`${placeOf(source, given)}: needs ${names} too`);
  }
  if (values.app === "relay" && ![undefined, 1].includes(values.workers)) {
    problems.push(
      `${placeIn("workers")}: expected 1, as app relay carries streams within one process`,
    );
  }
  const { headLineBytes, headBytes } = values;
  const headLine = headLineProblem(headLineBytes, headBytes);
  if (headLine !== undefined) {
    problems.push(`${placeIn("headLineBytes")}: ${headLine}, received ${quote(headLineBytes)}`);
  }
  problems.push(...settleToken(values, placeIn, surroundings.readFile));
  // Names of settings and files are whatever somebody wrote there.
  return problems.length > 0
    ? { problems: problems.map(escapeControls), ...values.logFormat === "json" && { json: true } }
    : { settings: completeSettings(values) };
}

function placeOf({ place, nameOf }: Source, name: string): string {
  return (place === undefined ? "" : `${place}: `) + nameOf(name);
}

function problemsOf(source: Source): string[] {
  const { error } = SCHEMA.safeParse(source.values);
  return (error?.issues ?? []).flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => `${placeOf(source, key)}: no such setting`);
    }
    const [name, index] = issue.path.map(String);
    const place = placeOf(source, name!) + (index === undefined ? "" : `[${index}]`);
    const value = source.values[name!];
    const received = index === undefined ? value : (value as unknown[])[Number(index)];
    return [
      `${place}: ${issue.message}${SECRETS.has(name!) ? "" : `, received ${quote(received)}`}`,
    ];
  });
}

function readFlags(args: readonly string[], problems: string[]): Source & { config?: string } {
  const flags = new Map(SETTINGS.map((setting) => [flagOf(setting.name).slice(2), setting]));
  const texts = [...flags.keys(), "config"];
  const parsed = parseArgs(args.map(spellOut), {
    string: texts,
    collect: texts,
  }, problems);
  const values: Record<string, unknown> = {};
  for (const [flag, setting] of flags) {
    const given = (parsed[flag] ?? []) as string[];
    if (given.length === 0) continue;
    if (given.length > 1 && setting.kind !== "list") problems.push(`--${flag}: given twice`);
    else values[setting.name] = fromText(setting, given.join(","));
  }
  const [config, ...more] = (parsed.config ?? []) as string[];
  if (more.length > 0) problems.push("--config: given twice");
  return { values, nameOf: flagOf, ...config !== undefined && { config } };
}

/** `--figures` becomes `--figures=true` and `--no-figures` `--figures=false`: text like all others. */
function spellOut(arg: string): string {
  const name = SWITCHES.find((name) => arg === `--${name}` || arg === `--no-${name}`);
  return name === undefined ? arg : `--${name}=${arg === `--${name}`}`;
}

function readEnv(env: Readonly<Record<string, string>>): Source {
  const known = new Map(SETTINGS.map((setting) => [variableOf(setting.name), setting]));
  const values: Record<string, unknown> = {};
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || variable === CONFIG) continue;
    if (ofService(variable, text)) continue;
    const setting = known.get(variable);
    values[setting?.name ?? variable] = setting === undefined ? text : fromText(setting, text);
  }
  // What is no setting stands there under the variable's own name.
  return { values, nameOf: (name) => name.startsWith(PREFIX) ? name : variableOf(name) };
}

function ofService(variable: string, text: string): boolean {
  return SERVICE_VARIABLE.test(variable) ||
    variable.endsWith("_PORT") && SERVICE_PORT.test(text);
}

function readFile(
  path: string,
  read: Surroundings["readFile"],
  problems: string[],
): Source | undefined {
  try {
    const values: unknown = JSON.parse(read(path));
    if (typeof values === "object" && values !== null && !Array.isArray(values)) {
      return { values: values as Record<string, unknown>, place: path, nameOf: (name) => name };
    }
    problems.push(`${path}: expected a JSON object, received ${quote(values)}`);
  } catch (error) {
    const reason = error instanceof SyntaxError
      ? "is not JSON"
      : `cannot be read: ${readProblem(error)}`;
    problems.push(`${path}: ${reason}`);
  }
}

/** Text becomes what a configuration file would hold; what does not fit stays text, and is refused. */
function fromText({ kind }: Setting, text: string): unknown {
  switch (kind) {
    case "integer":
      return /^-?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : text;
    case "switch":
      return text === "true" ? true : text === "false" ? false : text;
    case "list":
      return text.split(",").map((item) => item.trim());
    case "text":
      return text;
  }
}
