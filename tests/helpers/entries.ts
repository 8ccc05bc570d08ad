import type {
  ConnectionRecord,
  ConnectionSort,
  Counters,
} from "../../server/connection/connection_record.ts";
import { type QueryableConnection, sortValue } from "../../server/operations/connection_query.ts";

/** A connection of a registry that is made up by a test. */
export class MadeUpEntry implements QueryableConnection {
  readonly id: number;
  readonly key: string;
  readonly values: Partial<ConnectionRecord>;

  /**
   * @param id Its id; the source port too, unless `values` has a key.
   * @param values What differs from a connection that has done nothing.
   */
  constructor(id: number, values: Partial<ConnectionRecord> = {}) {
    this.id = id;
    this.key = values.key ?? `127.0.0.1:${id}-127.0.0.1:8080`;
    this.values = values;
  }

  record(): ConnectionRecord {
    return {
      state: "open",
      target: "/",
      connectedAt: this.id,
      lastActivity: this.id,
      bytesIn: 0,
      bytesOut: 0,
      messagesIn: 0,
      messagesOut: 0,
      messagesDropped: 0,
      queuedBytes: 0,
      ...this.values,
      id: this.id,
      key: this.key,
    };
  }

  get target(): string {
    return this.record().target;
  }

  get subprotocol(): string | undefined {
    return this.values.subprotocol;
  }

  get client(): ConnectionRecord["client"] {
    return this.values.client;
  }

  get open(): boolean {
    return this.record().state === "open";
  }

  sortValue(sort: Exclude<ConnectionSort, "rate">): number {
    return sortValue(this.record(), sort);
  }

  addTo(sums: Counters): void {
    const record = this.record();
    sums.bytesIn += record.bytesIn;
    sums.bytesOut += record.bytesOut;
  }
}
