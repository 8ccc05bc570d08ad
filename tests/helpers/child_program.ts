/**
 * A program for tests of processes. As a child it does what it is asked; otherwise it is a parent
 * that starts one child and says its number.
 *
 * @module
 */
import { isChild, joinParent, startChild } from "../../server/process/child.ts";
import { programOf } from "../../server/process/program.ts";

/** What the child can be asked. */
export interface ChildCalls {
  /** Its arguments, and a variable of its environment. */
  tell(variable: string): { args: string[]; value: string | undefined; child: boolean };
  /** Asks its parent, and passes the answer on. */
  ask(): Promise<string>;
  /** Ends. */
  exit(code: number): void;
}

/** What the parent can be asked. */
export interface ParentCalls {
  name(): string;
}

if (import.meta.main && Deno.args.includes("early")) Deno.exit(7);
if (import.meta.main && isChild()) {
  const calls: ChildCalls = {
    tell: (variable) => ({ args: Deno.args, value: Deno.env.get(variable), child: isChild() }),
    ask: () => link.call("name"),
    exit: (code) => Deno.exit(code),
  };
  const link = await joinParent<ParentCalls>(calls, (bytes) => link.send(bytes));
  await link.closed;
  Deno.exit(0);
} else if (import.meta.main) {
  const { pid } = await startChild(programOf(import.meta.url), [], { ours: {} });
  await Deno.stdout.write(new TextEncoder().encode(`child ${pid}\n`));
}
