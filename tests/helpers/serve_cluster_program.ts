/**
 * A program for tests of `serveCluster()`: what anybody would write. Its arguments are the number of
 * workers and the port; a third one has it make the mistake of serving twice at once.
 *
 * @module
 */
import { type Cluster, serveCluster } from "../../mod.ts";

/** Prints a line, which others of this program do at the same time. */
function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) {
  const [workers, port, twice] = Deno.args;
  print(`before ${Deno.pid}`);
  if (twice !== undefined) {
    const first = serveCluster({ workers: 1, port: 0, log: () => {} });
    await serveCluster({ workers: 1, port: 0 }).catch(({ message }) => print(`second ${message}`));
    await (await first).drain();
    Deno.exit(0);
  }
  const cluster: Cluster = await serveCluster({
    workers: Number(workers),
    port: Number(port),
    drainDeadline: 5_000,
    open: (connection) => connection.subscribe("all"),
    message(connection, data, server) {
      if (data === "all") server.publish("all", `from ${server.worker}`);
      else connection.send(`${Deno.pid} ${data}`);
    },
    log: ({ event, worker }) => print(`log ${event} ${worker}`),
  });
  print(`after ${cluster.addr.port} ${cluster.url}`);
  await serveCluster({ workers: 1, port: 0 }).catch(({ message }) => print(`again ${message}`));
  Deno.addSignalListener("SIGTERM", () => void cluster.drain());
  await cluster.finished;
  print("finished");
  Deno.exit(0);
}
