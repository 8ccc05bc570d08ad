import type { Operations, Snapshot } from "../operations/operations.ts";

/**
 * Takes snapshots, one at a time: whoever asks while one is taken shares it, so that no number of
 * pages, probes and scrapes makes more work than one after the other.
 */
export class Snapshots {
  readonly #operations: Pick<Operations, "snapshot">;
  #taking: Promise<Snapshot> | undefined = undefined;

  /** @param operations Whose snapshots. */
  constructor(operations: Pick<Operations, "snapshot">) {
    this.#operations = operations;
  }

  /** Takes a snapshot, or waits for the one that is being taken. */
  take(): Promise<Snapshot> {
    return this.#taking ??= this.#operations.snapshot().finally(() => this.#taking = undefined);
  }
}
