import { assertEquals, assertMatch } from "@std/assert";
import { until } from "../../../helpers/events.ts";
import { fourtuple, servedAt } from "../../../helpers/process.ts";

/** What Deno says when it has opened it at a signal, or could not since another process has the port. */
const TOLD = "nspector server|Debugger listening";

const opens = Deno.build.os !== "windows";

Deno.test({
  name: "keepInspectorClosed() closes what SIGUSR1 opens" +
    (opens ? "" : " (ignored: Windows has no SIGUSR1)"),
  ignore: !opens,
  async fn() {
    await using process = fourtuple(["--app=echo", "--port=0"]);
    await servedAt(process);
    // Deno listens for it half a second after its start; before that nothing opens.
    let opened: string | undefined;
    const told = Promise.any(TOLD.split("|").map((part) => process.errLine(part)))
      .then((line) => opened = line);
    await until("Deno has acted on the signal", () => {
      if (opened === undefined) process.signal("SIGUSR1");
      return opened !== undefined;
    });
    const url = /ws:\S+/.exec(await told)?.[0].replace("ws:", "http:");
    if (url !== undefined) {
      await until("it is closed", async () => {
        try {
          const list = await (await fetch(new URL("/json/list", url))).text();
          // Another process may have the port by now.
          return !list.includes(new URL(url).pathname.slice(1));
        } catch {
          return true;
        }
      });
    }
    process.signal("SIGTERM");
    assertEquals((await process.ended()).code, 0);
  },
});

Deno.test("keepInspectorClosed() leaves one open that was asked for, and the log warns of it", async () => {
  await using process = fourtuple(["--app=echo", "--port=0"], {
    env: { NODE_OPTIONS: "--inspect=127.0.0.1:0" },
  });
  await servedAt(process);
  const line = await process.errLine("inspector_open");
  const url = /ws:\/\/127\.0\.0\.1:\d+\/\S+(?=: whoever)/.exec(line)![0];
  if (opens) {
    process.signal("SIGUSR1");
    await process.errLine("SIGUSR1 does nothing");
  }
  const list = await (await fetch(new URL("/json/list", url.replace("ws:", "http:")))).text();
  assertMatch(list, new RegExp(new URL(url).pathname.slice(1)));
  if (opens) process.signal("SIGTERM");
});
