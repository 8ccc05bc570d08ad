/**
 * The descriptors of this process as the kernel has them, joined with the registry: which is which
 * connection, and what is in the one and not in the other.
 *
 * @module
 */

import {
  type DescriptorReading,
  type KnownConnection,
  readDescriptors,
  type ReadSocket,
} from "../host/descriptor_reading.ts";
import { targetOf } from "../host/socket_table.ts";
import { forEachYielding } from "../loop/for_each_yielding.ts";
import type { DescriptorPage, DescriptorQuery, DescriptorRow } from "./operations.ts";

/** For how long the pages behind a cursor may come of one reading, in milliseconds. */
const KEEP = 10_000;

/** What the descriptors are joined with: a `Registry`, or a test's double. */
export interface DescriptorRegistry {
  /** Looks a connection up by its 4-tuple. */
  get(key: string): { readonly id: number } | undefined;
  /** Lists all connections; some may come and go while they are listed. */
  connections(): Iterable<KnownConnection>;
}

/**
 * Lists the descriptors of this process, a page at a time. A first page looks at all of them; the
 * pages behind it come of the same reading, which is forgotten after ten seconds. There is never more
 * than one, with one more under way: 20,000 connections take 5 MB, while somebody asks.
 *
 * Connections whose socket was not found come before the first descriptor, the newest first. As they
 * have no descriptor, a page that ends with one has its id, negative, as the place where it ended.
 */
export class DescriptorTable {
  readonly #registry: DescriptorRegistry;
  readonly #keep: number;
  #reading: DescriptorReading | undefined = undefined;
  /** Whoever asks while one is made waits for the same. */
  #making: Promise<DescriptorReading> | undefined = undefined;
  #forget: ReturnType<typeof setTimeout> | undefined = undefined;

  /**
   * @param registry The connections of this process.
   * @param keep For how long a reading is kept, in milliseconds.
   */
  constructor(registry: DescriptorRegistry, keep = KEEP) {
    this.#registry = registry;
    this.#keep = keep;
  }

  /**
   * Lists some of the descriptors. What is flagged is so now, whatever has come and gone since the
   * reading, and the descriptors on the page are those that are still open.
   *
   * @param port Our port: sockets that came to it should be in the registry.
   * @param query Which rows are wanted. The worker in it does not matter here; that of the cursor is
   * ours at 0, one that comes before us below, and one that comes after us above.
   * @returns The rows, without a worker, and 0 as the worker where the next page begins; nothing at all
   * where descriptors cannot be listed. Nothing is flagged that the kernel would not tell about.
   */
  async page(port: number, query: DescriptorQuery = {}): Promise<DescriptorPage> {
    const kept = query.after === undefined ? undefined : this.#reading;
    const { at, descriptors, missing } = kept ?? await this.#readAnew();
    if (descriptors.length === 0) return { rows: [], open: 0, connections: 0, flagged: 0 };
    const page = new Page(query);
    await forEachYielding(missing, ({ id, key }) => {
      const flag = "not_in_kernel";
      if (this.#registry.get(key)?.id !== id) return;
      page.count(flag);
      if (page.wants(-id, flag)) page.add(-id, { descriptor: -1, target: "", key, id, flag });
    });
    let [open, connections] = [0, 0];
    await forEachYielding(descriptors, ({ descriptor, target, socket }) => {
      const { key, kernel } = socket ?? {};
      const id = key === undefined ? undefined : this.#registry.get(key)?.id;
      const flag = id === undefined && cameTo(port, socket) ? "not_in_registry" : undefined;
      const wanted = page.wants(descriptor, flag);
      // It may have been closed since, and have become another one.
      if ((wanted || flag !== undefined) && targetOf(descriptor) !== target) return;
      open++;
      if (id !== undefined) connections++;
      page.count(flag);
      if (!wanted) return;
      page.add(descriptor, {
        descriptor,
        target,
        ...key !== undefined && { key },
        ...kernel !== undefined && { kernel },
        ...id !== undefined && { id },
        ...flag !== undefined && { flag },
      });
    });
    return { at, ...page.finish(), open, connections };
  }

  #readAnew(): Promise<DescriptorReading> {
    return this.#making ??= this.#read().finally(() => this.#making = undefined);
  }

  async #read(): Promise<DescriptorReading> {
    const reading = await readDescriptors(() => this.#registry.connections());
    this.stop();
    this.#reading = reading;
    this.#forget = setTimeout(() => this.#reading = undefined, this.#keep);
    Deno.unrefTimer(this.#forget);
    return reading;
  }

  /** Keeps nothing any longer. */
  stop(): void {
    clearTimeout(this.#forget);
    this.#reading = undefined;
  }
}

/** Whether a socket was accepted at a port. */
function cameTo(port: number, socket: ReadSocket | undefined): boolean {
  return socket?.port === port && socket.kernel.state !== "LISTEN";
}

type Flag = DescriptorRow["flag"];

/** Cuts one page out of all rows, which come in order. */
class Page {
  readonly #query: DescriptorQuery;
  readonly #rows: DescriptorRow[] = [];
  #flagged = 0;
  #end = 0;
  #more = false;

  constructor(query: DescriptorQuery) {
    this.#query = query;
  }

  /** Counts the next row. */
  count(flag: Flag): void {
    if (flag !== undefined) this.#flagged++;
  }

  /** Whether the row at a place in the order has to be added: it is on the page, or the next one's first. */
  wants(place: number, flag: Flag): boolean {
    const { after, flagged = false } = this.#query;
    if (this.#more || flagged && flag === undefined) return false;
    return after === undefined || after.worker < 0 ||
      after.worker === 0 && place > after.descriptor;
  }

  /** Takes a row that is wanted. */
  add(place: number, row: DescriptorRow): void {
    this.#more = this.#rows.length >= (this.#query.limit ?? 100);
    if (this.#more) return;
    this.#rows.push(row);
    this.#end = place;
  }

  finish(): Pick<DescriptorPage, "rows" | "flagged" | "next"> {
    return {
      rows: this.#rows,
      flagged: this.#flagged,
      ...this.#more && { next: { worker: 0, descriptor: this.#end } },
    };
  }
}
