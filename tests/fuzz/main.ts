import { processIo } from "../../server/cli/command/process_io.ts";
import { fuzz } from "./command.ts";
import { CRASHERS } from "./crasher.ts";
import { TARGETS } from "./targets.ts";

if (import.meta.main) {
  const io = processIo();
  const code = await fuzz(Deno.args, io, {
    targets: TARGETS,
    program: new URL("worker.ts", import.meta.url),
    crashers: CRASHERS,
  });
  Deno.exit(code || io.outputCode());
}
