/**
 * A program for tests of supervisors: a worker that does what its first argument says.
 *
 * @module
 */
import { serve } from "../../mod.ts";
import { runWorker, type WorkerProgram } from "../../server/cluster/worker.ts";
import type { Operations } from "../../server/operations/operations.ts";

const [deed, file] = Deno.args;

/** The log level that the supervisor has asked for. */
let level = "none";

const start: WorkerProgram["start"] = (options, report) => {
  if (deed === "refuse") throw new Error("Cannot serve today");
  if (deed === "hang") {
    Deno.writeTextFileSync(file!, `${Deno.pid}`);
    for (;;);
  }
  if (deed === "quit") Deno.exit(5);
  if (deed === "second" && isSecond()) throw new Error("Cannot serve yet");
  if (deed === "trust") Deno.readTextFileSync(file!);
  const server = serve({
    ...options,
    message: async (connection, data) => {
      if (data === "report") connection.send(JSON.stringify(await report()));
      else if (data === "limits") connection.send(JSON.stringify(await server.operations.limits()));
      else connection.send(data === "level" ? level : data);
    },
  });
  if (deed === "quarrel") refuseSecond(server.operations);
  if (deed === "die") setTimeout(() => Deno.exit(3), 20);
  // A program that fails only from its second start on, as one does whose files were changed.
  if (deed !== undefined && deed.startsWith("/")) Deno.writeTextFileSync(deed, "started");
  return server;
};

/** Of all workers together, the second one that is to change refuses, and the others do not. */
function refuseSecond(operations: Operations): void {
  const reconfigure = operations.reconfigure.bind(operations);
  operations.reconfigure = (changes) => {
    if (isSecond()) return Promise.reject(new RangeError("Not with me"));
    return reconfigure(changes);
  };
}

/** Whether this call is the second one of all workers together. */
function isSecond(): boolean {
  for (const turn of [1, 2]) {
    try {
      Deno.writeTextFileSync(`${file}/${turn}`, "", { createNew: true });
      return turn === 2;
    } catch {
      // Another one had this turn.
    }
  }
  return false;
}

if (deed?.startsWith("/")) {
  try {
    Deno.readTextFileSync(deed);
    Deno.exit(4);
  } catch {
    // This is the first start.
  }
}
await runWorker({ log: () => {}, start, setLogLevel: (wanted) => level = wanted });
if (deed === "stay") setInterval(() => {}, 1_000);
else Deno.exit(0);
