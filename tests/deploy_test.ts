import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readSettings } from "../server/cli/serve/read_settings.ts";
import { SETTINGS } from "../server/cli/serve/setting_table.ts";
import { ROOT } from "./helpers/process.ts";
import { withFiles } from "./helpers/serving.ts";

function read(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, ROOT));
}

/** The value of a setting of the unit. */
async function unitSetting(name: string): Promise<string> {
  const unit = await read("server/deploy/fourtuple.service");
  return new RegExp(`^${name}=(.*)$`, "m").exec(unit)![1]!;
}

Deno.test("config.json holds settings that are good", async () => {
  const text = await read("server/deploy/config.json");
  const readFile = () => text;
  const result = readSettings(["--config=x"], { env: {}, readFile });
  // Only Linux has more than one worker.
  if (Deno.build.os === "linux") assert("settings" in result, JSON.stringify(result));
});

Deno.test("fourtuple.service gives a drain the time that it may take", async () => {
  const deadline = SETTINGS.find(({ name }) => name === "drainDeadline")!.fallback;
  assert(Number(await unitSetting("TimeoutStopSec")) * 1000 > Number(deadline));
});

Deno.test("fourtuple.service does not hide what a report is read from", async () => {
  const unit = await read("server/deploy/fourtuple.service");
  assert(!/^(?:ProcSubset|MemoryDenyWriteExecute)=/m.test(unit));
});

/** Runs systemd-analyze; undefined where there is none. */
async function analyze(...args: string[]): Promise<string | undefined> {
  try {
    const { success, stdout, stderr } = await new Deno.Command("systemd-analyze", { args })
      .output();
    const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assert(success, text);
    return text;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

const missing = await analyze("--version") === undefined ? "needs systemd-analyze" : undefined;

Deno.test({
  name: "fourtuple.service is a unit that systemd takes, and hardened" +
    (missing === undefined ? "" : ` (ignored: ${missing})`),
  ignore: missing !== undefined,
  fn: async () => {
    const unit = await read("server/deploy/fourtuple.service");
    const here = unit.replace("/usr/local/bin/fourtuple", Deno.execPath());
    await withFiles({ "fourtuple.service": here }, async (path) => {
      assertEquals(await analyze("verify", "--man=no", path("fourtuple.service")), "");
      const report = await analyze(
        "security",
        "--offline=yes",
        "--no-pager",
        "--threshold=15", // of 100: fails above
        path("fourtuple.service"),
      );
      assertStringIncludes(report!, "Overall exposure level");
    });
  },
});

Deno.test("Containerfile takes the Deno that CI does, and no root", async () => {
  const container = await read("server/deploy/Containerfile");
  const [, version] = /^readonly DENO_VERSION=(.*)$/m.exec(await read(".ci/run"))!;
  assertStringIncludes(container, `deno@${version} `);
  assertMatch(container, /^USER [1-9]/m);
});

Deno.test("Containerfile serves from outside and logs JSON whatever command it is given", async () => {
  const container = await read("server/deploy/Containerfile");
  const [, variables] = /^ENV (.*)$/m.exec(container)!;
  const env = Object.fromEntries(variables!.split(" ").map((it) => it.split("=")));
  const result = readSettings(["--app=echo"], { env, readFile: () => "" });
  if (!("settings" in result)) throw new Error(result.problems.join("; "));
  const { host, logFormat, admin } = result.settings;
  assertEquals([host, logFormat, admin], ["0.0.0.0", "json", "127.0.0.1:6455"]);
  assertMatch(container, /^CMD \["serve"\]$/m);
});

Deno.test("README.md of the deployment names every file beside it", async () => {
  const text = await read("server/deploy/README.md");
  for await (const { name } of Deno.readDir(new URL("server/deploy/", ROOT))) {
    if (name !== "README.md") assertStringIncludes(text, name);
  }
});
