/**
 * `server/admin/` is for the ops port, apart from the port of the clients.
 *
 * The ops port: where operators, probes and Prometheus ask a server what it holds, and have it do
 * things. It is apart from the port of the clients.
 *
 * @module
 */

import { type LogEntry, logSafely } from "../log.ts";
import { parseAddressRange } from "../net/address_range.ts";
import { canonicalAddress } from "../net/four_tuple.ts";
import type { Operations } from "../operations/operations.ts";
import { makeApp } from "./app.ts";
import { type AuditEntry, AuditTrail } from "./audit.ts";
import { TokenCheck } from "./auth.ts";
import { connectionEndpoints } from "./connection_endpoints.ts";
import { dashboardFile } from "./dashboard.ts";
import type { Guard } from "./endpoint.ts";
import { isAddress, isLoopback } from "./host_check.ts";
import { addressText, serveHttp } from "./http_server.ts";
import { LivePages } from "./live_pages.ts";
import { probeEndpoints } from "./probe_endpoints.ts";
import { dropServeVariables } from "./serve_variables.ts";
import { type LogLevelControl, serverEndpoints } from "./server_endpoints.ts";
import { Snapshots } from "./snapshots.ts";
import { TapStreams } from "./tap_streams.ts";

/** What the ops port needs. */
export interface AdminOptions {
  /** The address to listen on, or a name of it. */
  readonly hostname: string;
  /** The port; 0 for one that is free. */
  readonly port: number;
  /**
   * What whoever asks has to know.
   *
   * @default none, which only a loopback address may have
   */
  readonly token?: string;
  /**
   * Names that it has besides, with a port where pages are not on the default one of their scheme.
   *
   * @default none
   */
  readonly hosts?: readonly string[];
  /**
   * Addresses or networks of proxies whose X-Forwarded-Host and X-Forwarded-Proto count.
   *
   * @default none
   */
  readonly trustedProxies?: readonly string[];
  /** What can be asked of the server. */
  readonly operations: Operations;
  /** Takes log lines: `admin_fault` when something goes wrong on our side. */
  readonly log: (entry: LogEntry) => void;
  /** Takes what was done, and what was refused. */
  readonly audit: (entry: AuditEntry) => void;
  /** The log's level. */
  readonly logLevel: LogLevelControl;
  /** The server's version. */
  readonly version: string;
}

/** An ops port that is open. */
export interface Admin extends AsyncDisposable {
  /** Where it is, `http://127.0.0.1:6455`. */
  readonly url: string;
  /** The address that it listens on. */
  readonly addr: Deno.NetAddr;
  /** Closes it: pages and taps are ended, answers that are under way have a second. */
  close(): Promise<void>;
}

/**
 * Opens the ops port.
 *
 * @param options What it needs.
 * @returns The port; the caller closes it.
 * @throws {TypeError} When an address that others can reach has no token, or the token could not be
 * sent.
 * @throws {SyntaxError} When a proxy is neither an address nor a network.
 * @throws {Error} When Deno listens elsewhere than it was told.
 * @throws {Deno.errors.AddrInUse} And others, when it cannot listen.
 */
export function startAdmin(options: AdminOptions): Admin {
  const { hostname, port, hosts = [], operations, version } = options;
  const token = new TokenCheck(options.token);
  if (!token.isNeeded && !isLoopback(hostname)) {
    throw new TypeError(`The ops port needs a token as others can reach "${hostname}"`);
  }
  const fault = (error: unknown) => {
    const message = "The ops port met a fault";
    logSafely(options.log, { level: "error", event: "admin_fault", message, error });
  };
  const proxies = (options.trustedProxies ?? []).map(parseAddressRange);
  const trusts = (address: string) =>
    isAddress(address) && proxies.some((range) => range.contains(canonicalAddress(address)));
  const guard: Guard = {
    own: { hostname, hosts, trusts },
    token,
    fault,
    trail: new AuditTrail((entry) => {
      try {
        options.audit(entry);
      } catch (error) {
        fault(error);
      }
    }),
  };
  const snapshots = new Snapshots(operations);
  const pages = new LivePages({ snapshots, fault });
  const taps = new TapStreams();
  const app = makeApp({
    endpoints: [
      ...probeEndpoints(snapshots, pages, version),
      ...serverEndpoints(operations, snapshots, options.logLevel),
      ...connectionEndpoints(operations, taps),
    ],
    guard,
    version,
    file: dashboardFile,
  });

  for (const name of dropServeVariables()) {
    const message = `${name} is ignored: the ops port listens where --admin says, and nowhere else`;
    logSafely(options.log, { level: "warning", event: "variable_ignored", message });
  }
  const server = serveHttp({
    hostname,
    port,
    app,
    fault,
    async end() {
      pages.close();
      await taps.close();
    },
  });
  let closed: Promise<void> | undefined;
  const close = () => closed ??= server.close();
  const { addr } = server;
  return {
    url: `http://${addressText(addr)}`,
    addr,
    close,
    [Symbol.asyncDispose]: close,
  };
}
