import { type Admin, startAdmin } from "../../server/admin/admin.ts";
import type { AuditEntry } from "../../server/admin/audit.ts";
import type { Operations } from "../../server/operations/operations.ts";

/** An ops port for commands, and what was written into its audit log. */
export interface AdminPort extends AsyncDisposable {
  /** Its address, `127.0.0.1:51324`, as `--admin` takes it. */
  readonly place: string;
  readonly audit: readonly AuditEntry[];
  /** Closes it before the end of the test. */
  close(): Promise<void>;
}

/**
 * Opens an ops port of our own release.
 *
 * @param operations What can be asked.
 * @param token What whoever asks has to know, if anything.
 */
export function startAdminPort(operations: Operations, token?: string): AdminPort {
  const audit: AuditEntry[] = [];
  const admin: Admin = startAdmin({
    hostname: "127.0.0.1",
    port: 0,
    operations,
    log: () => {},
    audit: (entry) => void audit.push(entry),
    logLevel: { get: () => "info", set: () => {} },
    version: "0.0.0",
    ...token !== undefined && { token },
  });
  const close = () => admin.close();
  return {
    place: `127.0.0.1:${admin.addr.port}`,
    audit,
    close,
    [Symbol.asyncDispose]: close,
  };
}
