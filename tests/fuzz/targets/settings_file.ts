import { assert, assertEquals } from "@std/assert";
import { readSettings } from "../../../server/cli/serve/read_settings.ts";
import { SETTINGS } from "../../../server/cli/serve/setting_table.ts";
import type { Settings } from "../../../server/cli/serve/settings.ts";
import type { Random } from "../../helpers/random.ts";
import { bytesOf, mutate } from "../inputs.ts";
import type { FuzzTarget } from "../target.ts";

const SECRET = "only-for-operators";

const VALUES: readonly unknown[] = [
  ...["echo", "127.0.0.1", "::", "10.0.0.0/8", "x-forwarded-for", "json", "warning", "auto"],
  ...["http://example.com", "127.0.0.1:6455", "0.0.0.0:6455", "drop", SECRET, "", "\u001b[2J"],
  ...[0, 1, 2, 125, 5_000, 65_535, 65_536, -1, 0.5, 1e400, 2 ** 53, true, false, null],
  ...[["10.0.0.0/8"], ["http://example.com"], [], [1], {}, "\u202e", "x".repeat(300)],
];

/** A configuration file. */
export const settingsFile: FuzzTarget = {
  name: "settings-file",
  make(random) {
    const entries = Array.from({ length: random.below(7) }, () => randomEntry(random));
    // JSON.stringify() would write an infinite number as null.
    const text = `{${
      entries.map(([name, value]) =>
        `${JSON.stringify(name)}:${value === Infinity ? "1e400" : JSON.stringify(value)}`
      ).join()
    }}`;
    return random.oneIn(3) ? mutate(bytesOf(text), random) : bytesOf(text);
  },
  check(input) {
    const text = new TextDecoder().decode(input);
    const read = readText(text);
    if ("settings" in read) {
      // What stands in the file holds, and of all else the defaults.
      const given = JSON.parse(text);
      const unset = readText("{}");
      if (!("settings" in unset)) throw new Error("Nothing at all has a problem");
      const flat = ({ limits, ...settings }: Settings) => ({ ...settings, ...limits });
      assertEquals(flat(read.settings), { ...flat(unset.settings), ...given });
      return Object.keys(given).length === 0 ? "nothing" : "settings";
    }
    assert(read.problems.length > 0);
    for (const problem of read.problems) {
      assert(!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(problem), `Unescaped: ${JSON.stringify(problem)}`);
      assert(problem.length < 1_000, `${problem.length} characters`);
    }
    const isSecretShown = isNamed(text, "adminToken", SECRET) &&
      read.problems.some((problem) => problem.includes(SECRET));
    assert(!isSecretShown, read.problems.join());
    return read.problems.length === 1 ? "one problem" : "problems";
  },
};

function randomEntry(random: Random): [name: string, value: unknown] {
  const { name, kind, fallback } = random.pick(SETTINGS);
  if (random.oneIn(12)) return [random.pick(["nmae", "__proto__", "\u001b[2J", ""]), 1];
  if (random.oneIn(2)) return [name, fallback ?? random.pick(VALUES)];
  const fits = { text: "string", integer: "number", list: "object", switch: "boolean" }[kind];
  const value = random.pick(VALUES);
  return [name, typeof value === fits || random.oneIn(4) ? value : fallback ?? value];
}

function readText(text: string) {
  const readFile = (path: string) => {
    if (path === "fourtuple.json") return text;
    throw new Deno.errors.NotFound();
  };
  return readSettings(["--config", "fourtuple.json"], { env: {}, readFile });
}

/** Whether nothing but one setting has that value. */
function isNamed(text: string, name: string, value: string): boolean {
  try {
    const entries = Object.entries(JSON.parse(text) as object);
    const holders = entries.filter(([key, held]) => JSON.stringify([key, held]).includes(value));
    return holders.length > 0 && holders.every(([key]) => key === name);
  } catch {
    return false;
  }
}
