import { HELP_OPTION, type OptionTable } from "../command/options.ts";
import type { Surroundings } from "../serve/read_settings.ts";
import { quote, readProblem } from "../terminal/problems.ts";

/** Where the ops port is unless told otherwise: where `deno task start` has it. */
const DEFAULT_ADMIN = "127.0.0.1:6455";

/** The options that every command to the ops port takes. */
export const ADMIN_OPTIONS = {
  admin: {
    kind: "text",
    placeholder: "WHERE",
    help: `The ops port, as HOST:PORT or URL (default: FOURTUPLE_ADMIN, else ${DEFAULT_ADMIN})`,
  },
  token: {
    kind: "text",
    placeholder: "TOKEN",
    help:
      "Its token, where it wants one; others of this host can see it in the list of processes " +
      "(default: FOURTUPLE_ADMIN_TOKEN)",
  },
  "token-file": {
    kind: "text",
    placeholder: "FILE",
    help: "A file that holds the token (default: FOURTUPLE_ADMIN_TOKEN_FILE)",
  },
  ...HELP_OPTION,
} as const satisfies OptionTable;

/** What the exit codes of these commands mean, for their help. */
export const ADMIN_EXIT_CODES =
  `2 wrong usage, 3 the ops port cannot be reached or refuses the token`;

/** Where the ops port is, and how it lets us in. */
export interface AdminAccess {
  /** Its address; the path ends with a slash. */
  readonly url: URL;
  /** The token; absent where none was given. */
  readonly token?: string;
}

/**
 * Reads `--admin`, `--token` and `--token-file`, or the variables that stand in for them.
 *
 * @param flags The flags by name.
 * @param surroundings The variables and the files.
 * @param problems Gets a line for all that is wrong.
 * @returns Where the ops port is; something of no use where there is a problem.
 */
export function readAdminAccess(
  flags: Readonly<Record<string, unknown>>,
  { env, readFile }: Surroundings,
  problems: string[],
): AdminAccess {
  const url = readUrl(flags.admin, env.FOURTUPLE_ADMIN, problems);
  if (flags.token !== undefined && flags["token-file"] !== undefined) {
    problems.push("--token-file: --token is given too");
  }
  // What is typed wins over variables, and of those the token over its file.
  const [file, place] = flags["token-file"] !== undefined
    ? [String(flags["token-file"]), "--token-file"]
    : [env.FOURTUPLE_ADMIN_TOKEN_FILE, "FOURTUPLE_ADMIN_TOKEN_FILE"];
  let token: string | undefined;
  if (flags.token !== undefined) token = checked(String(flags.token), "--token", problems);
  else if (flags["token-file"] === undefined && env.FOURTUPLE_ADMIN_TOKEN !== undefined) {
    token = checked(env.FOURTUPLE_ADMIN_TOKEN, "FOURTUPLE_ADMIN_TOKEN", problems);
  } else if (file === "") {
    problems.push(`${place}: expected a text that is not empty`);
  } else if (file !== undefined) {
    try {
      token = checked(readFile(file).trim(), `${place}: ${quote(file)}`, problems);
    } catch (error) {
      problems.push(`${place}: ${quote(file)} cannot be read: ${readProblem(error)}`);
    }
  }
  return token === undefined ? { url } : { url, token };
}

function readUrl(flag: unknown, variable: string | undefined, problems: string[]): URL {
  const given = flag === undefined ? variable : String(flag);
  const text = given ?? DEFAULT_ADMIN;
  const hasScheme = /^https?:\/\//i.test(text);
  const url = hasScheme || /:\d+$/.test(text)
    ? URL.parse(hasScheme ? text : `http://${text}`)
    : null;
  const plain = url !== null && url.username === "" && url.password === "" && url.search === "" &&
    url.hash === "" && (hasScheme || url.pathname === "/");
  if (!plain) {
    const place = flag === undefined ? "FOURTUPLE_ADMIN" : "--admin";
    problems.push(
      `${place}: expected HOST:PORT or a URL such as http://127.0.0.1:6455, received ${
        quote(text)
      }`,
    );
    return new URL(`http://${DEFAULT_ADMIN}/`);
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

/** A token goes into a header, and is never shown in a problem. */
function checked(token: string, place: string, problems: string[]): string {
  if (token === "") problems.push(`${place}: expected a text that is not empty`);
  else if (!/^[!-~]+$/.test(token)) {
    problems.push(`${place}: expected a token of visible ASCII characters without blanks`);
  }
  return token;
}
