import {
  type ConnectionRecord,
  type LiveRecord,
  recordOf,
} from "../../server/connection/connection_record.ts";
import { formatFourTuple, parseFourTuple } from "../../server/net/four_tuple.ts";
import type { ListOptions } from "../../server/registry.ts";

/** The counters that are summed up. */
const SUMS = ["bytesIn", "bytesOut", "messagesIn", "messagesOut", "messagesDropped"] as const;

/** The obvious registry: a `Map`, and arrays made of it. */
export class NaiveRegistry {
  readonly #entries = new Map<string, LiveRecord>();
  #past: Record<string, number> = {};
  #closed = 0;

  /** Adds a connection. */
  add(entry: LiveRecord): void {
    this.#entries.set(entry.key, entry);
  }

  /** Removes a connection and keeps its counters. */
  delete(entry: LiveRecord): void {
    this.#entries.delete(entry.key);
    this.#closed++;
    this.#past = plus(this.#past, entry);
  }

  /** Looks a connection up, after its key has been brought into form. */
  get(key: string): ConnectionRecord | undefined {
    const entry = this.#entries.get(formatFourTuple(parseFourTuple(key)));
    return entry && recordOf(entry);
  }

  /** A page of connections. */
  list({ after = 0, limit = 100 }: ListOptions): ConnectionRecord[] {
    return [...this.#entries.values()]
      .filter(({ id }) => id > after)
      .slice(0, limit)
      .map(recordOf);
  }

  /** What all connections add up to. */
  totals(): object {
    return {
      accepted: 0,
      opened: this.#closed + this.#entries.size,
      closed: this.#closed,
      requests: 0,
      refused: {},
      spoofed: 0,
      forwardedMalformed: 0,
      ...[...this.#entries.values()].reduce(plus, this.#past),
    };
  }
}

function plus(
  sums: Readonly<Record<string, number>>,
  record: LiveRecord,
): Record<string, number> {
  return Object.fromEntries(SUMS.map((sum) => [sum, (sums[sum] ?? 0) + record[sum]]));
}
