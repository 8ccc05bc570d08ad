/**
 * A program for tests of supervisors: a worker that does what its first argument says.
 *
 * @module
 */
import { serve } from "../../mod.ts";
import { runWorker, type WorkerProgram } from "../../server/cluster/worker.ts";

const [deed, file] = Deno.args;

const start: WorkerProgram["start"] = (options, report) => {
  if (deed === "refuse") throw new Error("Cannot serve today");
  if (deed === "hang") {
    Deno.writeTextFileSync(file!, `${Deno.pid}`);
    for (;;);
  }
  if (deed === "quit") Deno.exit(5);
  const server = serve({
    ...options,
    message: async (connection, data) =>
      connection.send(data === "report" ? JSON.stringify(await report()) : data),
  });
  if (deed === "die") setTimeout(() => Deno.exit(3), 20);
  // A program that fails only from its second start on, as one does whose files were changed.
  if (deed !== undefined && deed.startsWith("/")) Deno.writeTextFileSync(deed, "started");
  return server;
};

if (deed?.startsWith("/")) {
  try {
    Deno.readTextFileSync(deed);
    Deno.exit(4);
  } catch {
    // This is the first start.
  }
}
await runWorker({ log: () => {}, start });
if (deed === "stay") setInterval(() => {}, 1_000);
else Deno.exit(0);
