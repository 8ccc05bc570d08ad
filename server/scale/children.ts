import { type Child, endOf, joinParent, startChild } from "../process/child.ts";
import type { Calls, Link } from "../process/link.ts";
import { programOf } from "../process/program.ts";
import { ProcessGroup } from "./processes.ts";
import type { ProcessFigures } from "./result.ts";

/** What is typed at a terminal. */
const TYPED_SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGQUIT"];

/** What every process of a run can be asked. */
interface CommonCalls {
  heapUsed(): number;
}

/**
 * Is one of those processes: answers what its parent asks until the parent has gone, however it ended.
 *
 * @param calls The functions that the parent can call.
 * @returns When the parent has gone; then this process should end.
 */
export async function serveParent(calls: object): Promise<void> {
  // A terminal sends Ctrl-C and Ctrl-\ to all processes of its group; the parent decides what becomes of us.
  const ignore = () => {};
  for (const signal of TYPED_SIGNALS) Deno.addSignalListener(signal, ignore);
  try {
    const link = await joinParent(calls);
    await link.closed;
  } finally {
    for (const signal of TYPED_SIGNALS) Deno.removeSignalListener(signal, ignore);
  }
}

/** Processes of this program that do the same, with what they take together. */
export class Children<Theirs extends Calls<Theirs> & CommonCalls> {
  /** The processes. */
  readonly all: readonly Child<Theirs>[];
  /** Resolves with how it ended when one of them ends before {@linkcode Children.close}. */
  readonly failed: Promise<string>;
  readonly #group: ProcessGroup;

  /** Use {@linkcode Children.start}. */
  constructor(all: readonly Child<Theirs>[], group: ProcessGroup) {
    this.all = all;
    this.#group = group;
    this.failed = Promise.race(
      all.map(async ({ pid, status }) => `process ${pid}: ${endOf(await status)}`),
    );
  }

  /**
   * Starts processes, all at once.
   *
   * @param command The hidden command that each of them is.
   * @param count How many.
   * @returns The processes, linked.
   * @throws {Error} When one of them does not start; then none is left.
   */
  static async start<Theirs extends Calls<Theirs> & CommonCalls>(
    command: string,
    count: number,
  ): Promise<Children<Theirs>> {
    const program = programOf(new URL("../main.ts", import.meta.url).href);
    const started = await Promise.allSettled(
      Array.from({ length: count }, () => startChild<Theirs>(program, [command], { ours: {} })),
    );
    const all = started.flatMap((one) => one.status === "fulfilled" ? [one.value] : []);
    const failure = started.find((one) => one.status === "rejected");
    const children = new Children(all, await ProcessGroup.of(all.map(({ pid }) => pid)));
    if (failure === undefined) return children;
    await children.close();
    throw failure.reason;
  }

  /** Reads what they take now. Never rejects. */
  async figures(): Promise<ProcessFigures> {
    const [figures, heaps] = await Promise.all([
      this.#group.figures(),
      Promise.allSettled(this.all.map(({ link }) => heapUsedOf(link))),
    ]);
    const known = heaps.flatMap((heap) => heap.status === "fulfilled" ? [heap.value] : []);
    const heapUsed = known.reduce((total, heap) => total + heap, 0);
    return known.length === 0 ? figures : { ...figures, heapUsed };
  }

  /** Ends them. What they hold is the kernel's to clear away. */
  async close(): Promise<void> {
    await Promise.all(this.all.map(async (child) => {
      child.kill("SIGKILL");
      await child.status;
      child.link.close();
      await child.link.closed;
    }));
  }
}

/** What a type variable stands for has this function, but TypeScript cannot say with what parameters. */
function heapUsedOf(link: unknown): Promise<number> {
  return (link as Link<CommonCalls>).call("heapUsed");
}
