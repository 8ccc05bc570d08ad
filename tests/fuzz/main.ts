import { writeTo } from "../../server/cli/write_to.ts";
import { fuzz } from "./command.ts";
import { CRASHERS } from "./crasher.ts";
import { TARGETS } from "./targets.ts";

if (import.meta.main) {
  Deno.exit(
    await fuzz(Deno.args, { out: writeTo(Deno.stdout), err: writeTo(Deno.stderr) }, {
      targets: TARGETS,
      program: new URL("worker.ts", import.meta.url),
      crashers: CRASHERS,
    }),
  );
}
