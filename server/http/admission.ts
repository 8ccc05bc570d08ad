import { serializeResponseHead } from "../../protocol/mod.ts";
import { connectionsByDescriptors } from "../host/capacity.ts";
import type { Limits } from "../limits.ts";
import type { LogEntry } from "../log.ts";
import type { Clock } from "../loop/deadline_sweeper.ts";
import { AddressCounter } from "../net/address_counter.ts";
import { fourTupleOf } from "../net/four_tuple.ts";
import type { Transport } from "../net/transport.ts";
import type { Proxies } from "./proxy/proxies.ts";

/** After this many milliseconds without a refusal, reaching the limit is news again. */
const LIMIT_QUIET = 10_000;

/** Why a connection is refused as soon as it is accepted, and the answer to it. */
export interface AdmissionRefusal {
  /** Why, as a stable code for the totals. */
  readonly reason: string;
  /** A whole response. */
  readonly response: Uint8Array;
}

/** There are as many connections as there may be. */
export const TOO_MANY: AdmissionRefusal = admissionRefusal(
  "CONNECTIONS_LIMIT",
  503,
  "Too many connections",
);

/** There are as many connections from one source as there may be. */
export const TOO_MANY_OF_ADDRESS: AdmissionRefusal = admissionRefusal(
  "ADDRESS_LIMIT",
  429,
  "Too many connections from this address",
);

function admissionRefusal(reason: string, status: number, text: string): AdmissionRefusal {
  const body = new TextEncoder().encode(`${text}\n`);
  const head = serializeResponseHead(status, [
    ["retry-after", "5"],
    ["content-type", "text/plain; charset=utf-8"],
    ["content-length", String(body.length)],
    ["connection", "close"],
  ]);
  return { reason, response: Uint8Array.of(...head, ...body) };
}

/** Whose address counts: the client's, `undefined` as long as it is not known. */
export interface HasAddress {
  readonly remoteAddress: string | undefined;
}

/** The inputs to admission besides the addresses. */
export interface AdmissionOptions {
  /** The bounds, as they are now. */
  readonly limits: Pick<Limits, "connections" | "connectionsPerAddress">;
  /** The sources from which many clients come. */
  readonly proxies: Proxies | undefined;
  /** The clock. */
  readonly clock: Clock;
  /** Tells the operator. */
  readonly log: (entry: LogEntry) => void;
}

/** Admits connections: bounds all of them together, and those of each address. */
export class Admission {
  readonly #options: AdmissionOptions;
  #addresses = new AddressCounter();
  /** The number of connections that the descriptors allow. */
  #byDescriptors = Infinity;
  /** The time a connection was last refused because there were too many. */
  #lastFull = -Infinity;

  /** @param options The inputs besides the addresses. */
  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Finds out how many connections the descriptors allow. */
  async prepare(): Promise<void> {
    this.#byDescriptors = await connectionsByDescriptors();
  }

  /** The number of connections there may be; infinite without a bound. */
  get maxConnections(): number {
    return this.#options.limits.connections ?? this.#byDescriptors;
  }

  /**
   * Decides about a connection that was just accepted.
   *
   * @param conn The connection; it counts only when it is added.
   * @param present The number of connections without it.
   * @returns Why it is refused, if it is.
   */
  refusalOf(
    conn: Pick<Transport, "localAddr" | "remoteAddr">,
    present: number,
  ): AdmissionRefusal | undefined {
    if (present >= this.maxConnections) {
      this.#warn();
      return TOO_MANY;
    }
    const { limits, proxies } = this.#options;
    if (limits.connectionsPerAddress === undefined) return undefined;
    const { sourceAddress } = fourTupleOf(conn);
    // Many clients come from a proxy; which one this is, is not known yet.
    if (proxies?.trusts(sourceAddress)) return undefined;
    return this.hasRoomFor(sourceAddress) ? undefined : TOO_MANY_OF_ADDRESS;
  }

  /** Whether one more may come from an address. */
  hasRoomFor(address: string): boolean {
    const { connectionsPerAddress = Infinity } = this.#options.limits;
    return this.#addresses.count(address) < connectionsPerAddress;
  }

  /** Counts one more, where addresses count. */
  add({ remoteAddress }: HasAddress): void {
    if (this.#countsAddresses && remoteAddress !== undefined) this.#addresses.add(remoteAddress);
  }

  /** Counts one less, where addresses count. */
  delete({ remoteAddress }: HasAddress): void {
    if (this.#countsAddresses && remoteAddress !== undefined) this.#addresses.delete(remoteAddress);
  }

  /** Counts everybody anew, since nobody has counted so far. */
  recount(all: Iterable<HasAddress>): void {
    this.#addresses = new AddressCounter();
    for (const it of all) this.add(it);
  }

  get #countsAddresses(): boolean {
    return this.#options.limits.connectionsPerAddress !== undefined;
  }

  /**
   * Says so once, and again only after some quiet: at the limit a place comes free all the time.
   */
  #warn(): void {
    const now = this.#options.clock();
    const quiet = now - this.#lastFull;
    this.#lastFull = now;
    if (quiet < LIMIT_QUIET) return;
    const message = `Connection limit of ${this.maxConnections} is reached: new ones get 503`;
    this.#options.log({ level: "warning", event: "connections_limit", message });
  }
}
