/**
 * A program for tests: the binary, but something of it throws where nothing catches it, and something
 * rejects where nobody waits.
 *
 * @module
 */
import { processIo } from "../../server/cli/command/process_io.ts";
import { run } from "../../server/main.ts";

if (import.meta.main) {
  setTimeout(() => {
    throw new TypeError("thrown to nobody");
  }, 1_000);
  setTimeout(() => Promise.reject(new TypeError("rejected for nobody")), 1_000);
  Deno.exit(await run(Deno.args, processIo()));
}
