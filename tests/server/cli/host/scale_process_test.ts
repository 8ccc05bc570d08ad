import { assertEquals } from "@std/assert";
import { scaleClient, scaleWorker } from "../../../../server/cli/host/scale_process.ts";
import { run } from "../../../../server/main.ts";
import { written } from "../../../helpers/written.ts";

for (const { name, run: runCommand } of [scaleClient, scaleWorker]) {
  Deno.test(`${name} is for no hands: it runs only as a child, and no help names it`, async () => {
    const err = `fourtuple ${name}: it is started by myth and by the bench, not by hand\n`;
    assertEquals(await written((io) => runCommand([], io)), { code: 2, out: "", err });
    assertEquals(await written((io) => run([name], io)), { code: 2, out: "", err });
    assertEquals((await written((io) => run(["--help"], io))).out.includes(name), false);
  });
}
