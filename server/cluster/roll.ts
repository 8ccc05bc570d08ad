import type { LogEntry } from "../log.ts";
import type { FinalReport } from "./calls.ts";
import type { WorkerProcess } from "./worker_process.ts";
import type { WorkerSlot } from "./worker_slot.ts";

/** What is known of a worker that has gone. */
export interface Retired {
  /** Absent when it died before. */
  readonly last: FinalReport | undefined;
  /** The connections that it took with it then, as it had said last. */
  readonly lost: number;
}

/** The supervisor whose workers are rolled. */
export interface RollContext {
  /** Where they are. */
  readonly slots: readonly WorkerSlot[];
  /** Aborted when the supervisor ends. */
  readonly ending: AbortSignal;
  /** Drains a worker; `undefined` where it has gone already. */
  retire(worker: WorkerProcess): Promise<Retired | undefined>;
  /** Tells the operator. */
  log(entry: LogEntry): void;
}

/** Replaces workers one after the other, and tells how that went. */
export class Roller {
  readonly #context: RollContext;
  #rolling = false;

  /** @param context The supervisor. */
  constructor(context: RollContext) {
    this.#context = context;
  }

  /** As `Supervisor.roll()`. */
  async roll(): Promise<number | undefined> {
    const { slots, ending, log } = this.#context;
    ending.throwIfAborted();
    if (this.#rolling) {
      const message = "Cannot roll workers: they are rolling already";
      log({ level: "warning", event: "roll_failed", message });
      throw new Error(message);
    }
    this.#rolling = true;
    const workers = counted(slots.length, "worker");
    log({ level: "info", event: "rolling", message: `Rolling ${workers}` });
    try {
      const { resets, lost } = await this.#replaceAll();
      const reset = resets === undefined ? "" : `, at most ${counted(resets, "connection")} reset`;
      const cut = lost === 0
        ? ""
        : `, ${counted(lost, "connection")} lost with workers that had to be killed`;
      const message = `Rolled ${workers}${reset}${cut}`;
      log({ level: lost === 0 ? "info" : "warning", event: "rolled", message });
      return resets;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const message = `Roll has failed, the workers that are left go on: ${reason}`;
      if (!ending.aborted) log({ level: "error", event: "roll_failed", message });
      throw error;
    } finally {
      this.#rolling = false;
    }
  }

  async #replaceAll(): Promise<{ resets: number | undefined; lost: number }> {
    let resets: number | undefined = 0;
    let lost = 0;
    for (const slot of this.#context.slots) {
      const before = await slot.renew();
      const gone = before && await this.#context.retire(before);
      if (gone?.last !== undefined) resets = sum(resets, gone.last.resets);
      lost += gone?.lost ?? 0;
    }
    return { resets, lost };
  }
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
