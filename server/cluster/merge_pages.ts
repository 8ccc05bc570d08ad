import { sortValue } from "../connection/connection_record.ts";
import { comparePlaces } from "../operations/connection_query.ts";
import type {
  ConnectionCursor,
  ConnectionPage,
  ConnectionQuery,
  DescriptorPage,
  DescriptorQuery,
  DescriptorRow,
  OperatedConnection,
} from "../operations/operations.ts";

/** How many rows a page has unless told otherwise. */
export const DEFAULT_LIMIT = 100;

/** What one worker answered. */
export interface WorkerPage<Page> {
  /** The worker. */
  readonly worker: number;
  /** Its page, for which it is the only one. */
  readonly answer: Page;
}

/**
 * Makes one worker's question out of a question to all: a worker takes itself for number 0.
 *
 * @param query What is wanted of all workers.
 * @param worker The worker.
 * @returns What is wanted of it.
 */
export function connectionQueryOf(query: ConnectionQuery, worker: number): ConnectionQuery {
  const { worker: _, after, ...rest } = query;
  // As far from 0 as the worker is from the cursor's: where values are the same, that decides.
  return { ...rest, ...after && { after: { ...after, worker: after.worker - worker } } };
}

/**
 * Makes one page of the pages of all workers.
 *
 * @param pages The pages, each as long as the one that is made.
 * @param query What was wanted of all.
 * @returns The best of them, in order.
 */
export function mergeConnections(
  pages: readonly WorkerPage<ConnectionPage>[],
  { sort = "age", reverse = false, limit = DEFAULT_LIMIT }: ConnectionQuery,
): ConnectionPage {
  const placeOf = (record: OperatedConnection & { worker: number }): ConnectionCursor => ({
    value: sort === "rate" ? record.bytesPerSecond ?? 0 : sortValue(record, sort),
    worker: record.worker,
    id: record.id,
  });
  const found = pages
    .flatMap(({ worker, answer }) => answer.connections.map((record) => ({ ...record, worker })))
    .map((record) => ({ record, place: placeOf(record) }))
    .sort((a, b) => comparePlaces(a.place, b.place, reverse));
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const more = found.length > limit || pages.some(({ answer }) => answer.next !== undefined);
  return {
    connections: page.map(({ record }) => record),
    matched: pages.reduce((sum, { answer }) => sum + answer.matched, 0),
    total: pages.reduce((sum, { answer }) => sum + answer.total, 0),
    ...more && last !== undefined && { next: last.place },
  };
}

/**
 * The same for descriptors. A worker that comes before the cursor, and has no rows for the page, is
 * asked as well, as the sums are of all.
 *
 * @param query What is wanted of all workers.
 * @param worker The worker.
 * @returns What is wanted of it.
 */
export function descriptorQueryOf(query: DescriptorQuery, worker: number): DescriptorQuery {
  const { worker: _, after, ...rest } = query;
  return { ...rest, ...after && { after: { ...after, worker: after.worker - worker } } };
}

/**
 * Makes one page of the pages of all workers.
 *
 * @param pages The pages, each as long as the one that is made, by worker.
 * @param query What was wanted of all.
 * @returns The first of them, by worker and descriptor.
 */
export function mergeDescriptors(
  pages: readonly WorkerPage<DescriptorPage>[],
  { limit = DEFAULT_LIMIT }: DescriptorQuery,
): DescriptorPage {
  const found = pages
    .flatMap(({ worker, answer }) => answer.rows.map((row) => ({ ...row, worker })));
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  const more = found.length > limit || pages.some(({ answer }) => answer.next !== undefined);
  const times = pages.map(({ answer }) => answer.at).filter((at) => at !== undefined);
  return {
    ...times.length > 0 && { at: Math.min(...times) },
    rows,
    open: pages.reduce((sum, { answer }) => sum + answer.open, 0),
    connections: pages.reduce((sum, { answer }) => sum + answer.connections, 0),
    flagged: pages.reduce((sum, { answer }) => sum + answer.flagged, 0),
    ...more && last !== undefined && {
      next: { worker: last.worker, descriptor: placeOfRow(last) },
    },
  };
}

/** Where a row is in its worker: one without a descriptor has its connection's id, negative. */
function placeOfRow({ descriptor, id }: DescriptorRow): number {
  return descriptor < 0 && id !== undefined ? -id : descriptor;
}
