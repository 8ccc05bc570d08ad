import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { serve } from "../../mod.ts";

import { COMMANDS } from "../../server/main.ts";
import { startAdminPort } from "../helpers/admin_port.ts";
import { until } from "../helpers/events.ts";
import { fakeConnections, FakeOperations } from "../helpers/fake_operations.ts";
import { FOURTUPLE, Process } from "../helpers/process.ts";
import { findPython } from "../helpers/programs.ts";

/** How a command is made to write much. */
interface Way {
  /** Its arguments. */
  readonly args: readonly string[];
  /** What it reads. */
  readonly input?: string;
  /** What happens when it has begun. */
  meanwhile?(): Promise<void>;
  /** What its output ends with, where not with the end of what an ordinary run writes. */
  readonly end?: string;
}

/** Says for every command how it writes; what it opens for that is closed by `stack`. */
type Ways = Record<string, (stack: AsyncDisposableStack) => Way>;

const TAPPED = 300;

function asking(name: string, ...args: string[]): Ways[string] {
  return (stack) => {
    const port = stack.use(startAdminPort(new FakeOperations(fakeConnections(300))));
    return { args: [name, "--admin", port.place, ...args] };
  };
}

const WAYS: Ways = {
  serve: () => ({ args: ["serve", "--help"] }),
  top: asking("top", "--json"),
  connections: asking("connections", "--all"),
  kick: asking("kick", "--all", "--yes"),
  drain: asking("drain", "--json"),
  report: asking("report"),
  fds: asking("fds", "--all", "--json"),
  doctor: () => ({ args: ["doctor", "--json"] }),
  myth: () => ({ args: ["myth", "--help"] }),
  decode: () => ({ args: ["decode"], input: "810548656c6c6f".repeat(200) }),
  completions: () => ({ args: ["completions", "bash"] }),
  tap(stack) {
    const operations = new FakeOperations();
    const port = stack.use(startAdminPort(operations));
    return {
      args: ["tap", "--admin", port.place, operations.connections[0]!.key],
      async meanwhile() {
        await until("it taps", () => operations.taps.length > 0);
        const [tap] = operations.taps;
        for (let i = 0; i < TAPPED; i++) tap!.pushText(`${i}`);
        tap!.push({ type: "end", at: 1, code: 1000, reason: "bye" });
      },
      end: '== over: 1000 "bye"\n',
    };
  },
  connect(stack) {
    const server = stack.use(serve({
      port: 0,
      open(connection) {
        for (let i = 0; i < 200; i++) connection.send(`${i} ${"x".repeat(i)}`);
        connection.close(1000);
      },
    }));
    return { args: ["connect", "--no-close", server.url] };
  },
};

const windows = Deno.build.os === "windows";
const full = windows ? " (ignored: needs /dev/full)" : "";

for (const { name } of COMMANDS) {
  Deno.test({
    name: `${name} says that the disk is full, and does not exit with 0${full}`,
    ignore: windows,
    async fn() {
      await using stack = new AsyncDisposableStack();
      const { args, input = "", meanwhile } = WAYS[name]!(stack);
      const shell = ["-c", 'printf %s "$INPUT" | "$@" >/dev/full', "sh", ...FOURTUPLE, ...args];
      await using process = new Process("sh", shell, { env: { INPUT: input } });
      await meanwhile?.();
      assertEquals(await process.ended(), {
        code: 1,
        out: "",
        err: "fourtuple: Cannot write to stdout: no space left on device\n",
      });
    },
  });
}

const python = windows ? { missing: "needs pipes that do not wait" } : await findPython("pty");
const reason = "missing" in python ? ` (ignored: ${python.missing})` : "";

for (const { name } of COMMANDS) {
  Deno.test({
    name: `${name} writes all to a slow pipe that does not wait for its reader${reason}`,
    ignore: reason !== "",
    async fn() {
      if ("missing" in python) return;
      const reader = [...python.args, import.meta.resolve("../helpers/slow_reader.py").slice(7)];
      const outputs: string[] = [];
      for (const before of [[], [python.command, ...reader, "pipe", "out"]]) {
        await using stack = new AsyncDisposableStack();
        const { args, input = "", meanwhile, end } = WAYS[name]!(stack);
        const shell = ["-c", 'printf %s "$INPUT" | "$@"', "sh", ...before, ...FOURTUPLE, ...args];
        await using process = new Process("sh", shell, { env: { INPUT: input } });
        await meanwhile?.();
        const { code, out, err } = await process.ended();
        assertEquals([code, err], [0, ""]);
        assert(out.endsWith(end ?? "\n"), out.slice(-200));
        outputs.push(out);
      }
      const [plain, slow] = outputs.map((out) => out.split("\n").length);
      assertEquals(slow, plain);
    },
  });
}

Deno.test({
  name: `serve says that the disk of its banner is full, and serves${full}`,
  ignore: windows,
  async fn() {
    const shell = ["-c", 'exec "$@" >/dev/full', "sh", ...FOURTUPLE, "--port", "0"];
    await using process = new Process("sh", shell);
    await process.errLine("Cannot write to stdout");
    process.signal("SIGTERM");
    const { code, err } = await process.ended();
    assertEquals(code, 1);
    assertStringIncludes(err, "drained");
  },
});

Deno.test({
  name: `serve does not exit with 0 when its log was lost to a full disk${full}`,
  ignore: windows,
  async fn() {
    const shell = ["-c", 'exec "$@" 2>/dev/full', "sh", ...FOURTUPLE, "--port", "0"];
    await using process = new Process("sh", shell);
    await process.outLine(" serves ");
    process.signal("SIGTERM");
    assertEquals((await process.ended()).code, 1);
  },
});
