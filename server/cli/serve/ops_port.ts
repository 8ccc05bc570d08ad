import type { LogEntry } from "../../log.ts";
import type { Operations } from "../../operations/operations.ts";
import { parseAdminAddress } from "./admin_settings.ts";
import type { AuditRecord } from "./audit_log.ts";
import type { LogLevel } from "./log.ts";
import type { Settings } from "./settings.ts";
import { startProblem } from "./start_app.ts";

/** What the ops port is, and what it works on. */
export interface OpsPortOptions {
  /** The address to listen on. */
  readonly hostname: string;
  /** The port; 0 for any that is free. */
  readonly port: number;
  /** What it asks for; absent where it asks for nothing. */
  readonly token?: string;
  /** Its further names; absent without any. */
  readonly hosts?: readonly string[];
  /** The proxies whose word counts; absent without any. */
  readonly trustedProxies?: readonly string[];
  /** What can be asked and done. */
  readonly operations: Operations;
  /** Gets what is worth telling an operator. */
  readonly log: (entry: LogEntry) => void;
  /** Gets what operators did. */
  readonly audit: (record: AuditRecord) => void;
  /** The level of the log. */
  readonly logLevel: { get(): LogLevel; set(level: LogLevel): void | Promise<void> };
  /** The version of the program. */
  readonly version: string;
}

/** An ops port that listens. */
export interface OpsPort {
  /** The address for a browser. */
  readonly url: string;
  /** Stops. */
  close(): Promise<void>;
}

/**
 * Starts the ops port; it listens when this returns. Commands do not know how: the program hands it in.
 *
 * @throws Deno's errors when it cannot listen.
 */
export type StartOpsPort = (options: OpsPortOptions) => OpsPort;

/** Loads what the ops port consists of, which costs memory that only who has one should spend. */
export type LoadOpsPort = () => Promise<StartOpsPort>;

/**
 * Finds out whether the ops port could listen, before workers are started for nothing.
 *
 * @param settings The settings.
 * @throws {Error} When it could not, in one line.
 */
export function tryOpsPort({ admin }: Pick<Settings, "admin">): void {
  const address = admin === undefined ? undefined : parseAdminAddress(admin);
  if (address === undefined) return;
  try {
    Deno.listen(address).close();
  } catch (error) {
    throw opsPortProblem(error, address);
  }
}

/**
 * Starts the ops port where one is set.
 *
 * @param settings The settings.
 * @param start Starts it; absent where none is set.
 * @param options What it works on.
 * @returns It, or `undefined`.
 * @throws {Error} When it cannot listen, in one line.
 */
export function startOpsPort(
  { admin, adminToken: token, adminHost: hosts, trustedProxy: trustedProxies }: Pick<
    Settings,
    "admin" | "adminToken" | "adminHost" | "trustedProxy"
  >,
  start: StartOpsPort | undefined,
  options: Omit<OpsPortOptions, "hostname" | "port" | "token" | "hosts" | "trustedProxies">,
): OpsPort | undefined {
  const address = admin === undefined ? undefined : parseAdminAddress(admin);
  if (address === undefined || start === undefined) return undefined;
  try {
    return start({
      ...options,
      ...address,
      ...token !== undefined && { token },
      ...hosts !== undefined && { hosts },
      ...trustedProxies !== undefined && { trustedProxies },
    });
  } catch (error) {
    throw opsPortProblem(error, address);
  }
}

function opsPortProblem(
  cause: unknown,
  { hostname, port }: { hostname: string; port: number },
): Error {
  return new Error(`Ops port: ${startProblem(cause, { host: hostname, port }, "--admin")}`, {
    cause,
  });
}
