import { assertEquals } from "@std/assert";
import { scaleClient, scaleWorker } from "../../../server/cli/scale_process.ts";
import { run } from "../../../server/main.ts";

for (const { name, run: runCommand } of [scaleClient, scaleWorker]) {
  Deno.test(`${name} is for no hands: it runs only as a child, and no help names it`, async () => {
    const written = { out: "", err: "" };
    const io = {
      out: (text: string) => void (written.out += text),
      err: (text: string) => void (written.err += text),
    };
    assertEquals(await runCommand([], io), 2);
    assertEquals(await run([name], io), 2);
    const line = `fourtuple ${name}: it is started by myth and by the bench, not by hand\n`;
    assertEquals(written, { out: "", err: line + line });
    await run(["--help"], io);
    assertEquals(written.out.includes(name), false);
  });
}
