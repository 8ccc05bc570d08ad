/**
 * V8's inspector, by which everybody on this host can have this process run any code.
 *
 * @module
 */
import inspector from "node:inspector";

/** For this many milliseconds after a signal it is looked for. */
const LOOK_TIME = 10_000;

/**
 * Keeps it closed at SIGUSR1, at which Deno 2.9.2 and later open it on 127.0.0.1:9229 whatever listener
 * there is: it is closed again, with the sessions in it, as soon as it is seen. One that was asked for at
 * the start stays open. Where Deno does not open it, the signal only does not end the process any more.
 */
export function keepInspectorClosed(): void {
  if (Deno.build.os === "windows" || inspectorUrl() !== undefined) return;
  Deno.addSignalListener("SIGUSR1", () => {
    const look = (pause: number): void => {
      if (inspectorUrl() !== undefined) return inspector.close();
      // The later it comes, the longer it takes to be seen: half as long again as it took to open.
      if (pause < LOOK_TIME) setTimeout(look, pause, pause * 1.5);
    };
    look(1);
  });
}

/** Where it listens; `undefined` when it does not, or when Deno lets us neither ask nor close it. */
export function inspectorUrl(): string | undefined {
  // Without the permission Deno would prompt at a terminal.
  if (Deno.permissions.querySync({ name: "sys" }).state !== "granted") return undefined;
  return inspector.url() ?? undefined; // Deno 2.4.2 says null
}
