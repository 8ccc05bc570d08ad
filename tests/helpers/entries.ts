import type { ConnectionRecord, LiveRecord } from "../../server/connection/connection_record.ts";

/**
 * A connection of a registry that is made up by a test.
 *
 * @param id Its id; the source port too, unless `values` has a key.
 * @param values What differs from a connection that has done nothing.
 */
export function madeUpEntry(id: number, values: Partial<ConnectionRecord> = {}): LiveRecord {
  return {
    id,
    key: `127.0.0.1:${id}-127.0.0.1:8080`,
    state: "open",
    target: "/",
    client: undefined,
    subprotocol: undefined,
    deflateBytes: undefined,
    connectedAt: id,
    lastActivity: id,
    bytesIn: 0,
    bytesOut: 0,
    messagesIn: 0,
    messagesOut: 0,
    messagesDropped: 0,
    queuedBytes: 0,
    roundTrip: undefined,
    ...values,
  };
}
