/**
 * What the settings of the ops port may be.
 *
 * @module
 */

import { quote, readProblem } from "../terminal/problems.ts";

/** A token is easy to guess where it is shorter. */
const SHORTEST_TOKEN = 16;

/** What a header can carry: printable ASCII without spaces. */
const TOKEN = /^[!-~]+$/;

/** The expectation of {@linkcode tokenProblem}. */
const TOKEN_EXPECTED =
  `expected a token of at least ${SHORTEST_TOKEN} characters, printable ASCII without spaces`;

/** Where the ops port is to listen. */
export interface AdminAddress {
  /** An address or a name, without brackets. */
  readonly hostname: string;
  /** The port; 0 for any that is free. */
  readonly port: number;
}

/**
 * Reads `127.0.0.1:6455`, `[::1]:6455` or `ops.example:6455`.
 *
 * @param text The text.
 * @returns The address, or `undefined` when the text is none.
 */
export function parseAdminAddress(text: string): AdminAddress | undefined {
  const [, bracketed, plain, port] = /^(?:\[([\da-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/.exec(text) ??
    [];
  const hostname = bracketed ?? plain;
  if (hostname === undefined || Number(port) > 65_535) return undefined;
  if (bracketed !== undefined && !URL.canParse(`http://[${bracketed}]/`)) return undefined;
  return { hostname, port: Number(port) };
}

/**
 * Finds what is wrong with the address of the ops port.
 *
 * @param text The address.
 * @returns What was expected, or `undefined` when it is good.
 */
export function adminProblem(text: string): string | undefined {
  return parseAdminAddress(text) === undefined
    ? "expected HOST:PORT such as 127.0.0.1:6455 or [::1]:6455"
    : undefined;
}

/**
 * Finds what is wrong with a token.
 *
 * @param token The token.
 * @returns What was expected, without the token, or `undefined` when it is good.
 */
export function tokenProblem(token: string): string | undefined {
  if (token === "") return "expected a text that is not empty";
  return token.length >= SHORTEST_TOKEN && TOKEN.test(token) ? undefined : TOKEN_EXPECTED;
}

/** Whether only this host reaches an address. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || /^127(?:\.\d{1,3}){3}$/.test(hostname) ||
    URL.parse(`http://[${hostname}]/`)?.hostname === "[::1]";
}

/** The settings that {@linkcode settleToken} looks at, good ones or not. */
export interface TokenSettings {
  readonly admin?: unknown;
  adminToken?: unknown;
  readonly adminTokenFile?: unknown;
}

/**
 * Reads the token from its file, and finds an ops port that lacks one.
 *
 * @param values The settings; the token is put there. What is wrong with one by itself is left to others.
 * @param placeOf Says where a setting stands.
 * @param read Reads a file.
 * @returns Everything that is wrong.
 */
export function settleToken(
  values: TokenSettings,
  placeOf: (name: keyof TokenSettings) => string,
  read: (path: string) => string,
): string[] {
  const problems: string[] = [];
  const { admin, adminToken, adminTokenFile: path } = values;
  if (path !== undefined && adminToken !== undefined) {
    problems.push(`${placeOf("adminTokenFile")}: cannot be given beside ${placeOf("adminToken")}`);
  } else if (typeof path === "string" && path !== "") {
    const problem = readToken(path, values, read);
    if (problem !== undefined) problems.push(`${placeOf("adminTokenFile")}: ${path}: ${problem}`);
  }
  const address = typeof admin === "string" ? parseAdminAddress(admin) : undefined;
  if (address === undefined || isLoopback(address.hostname)) return problems;
  if (adminToken === undefined && path === undefined) {
    problems.push(
      `${placeOf("admin")}: needs a token, since not only this host reaches ${quote(admin)}`,
    );
  }
  return problems;
}

function readToken(
  path: string,
  values: TokenSettings,
  read: (path: string) => string,
): string | undefined {
  try {
    const token = read(path).trim();
    values.adminToken = token;
    return tokenProblem(token);
  } catch (error) {
    return `cannot be read: ${readProblem(error)}`;
  }
}
