import { assert, assertEquals } from "@std/assert";
import { SETTINGS } from "../../../../server/cli/serve/setting_table.ts";
import { completeSettings } from "../../../../server/cli/serve/settings.ts";
import { DEFAULT_LIMITS, LIMIT_NAMES } from "../../../../server/limits.ts";

Deno.test("SETTINGS has every limit, with the default that the server has", () => {
  const fallbacks = new Map(SETTINGS.map(({ name, fallback }) => [name, fallback]));
  for (const name of LIMIT_NAMES) {
    assert(fallbacks.has(name), name);
    assertEquals(fallbacks.get(name), DEFAULT_LIMITS[name as keyof typeof DEFAULT_LIMITS], name);
  }
});

Deno.test("SETTINGS promises the defaults that completeSettings() gives", () => {
  const settings: Record<string, unknown> = { ...completeSettings({}) };
  for (const { name, fallback } of SETTINGS.filter(({ name }) => !LIMIT_NAMES.has(name))) {
    assertEquals(settings[name], fallback, name);
  }
});

Deno.test("SETTINGS has no name twice, and a help for each", () => {
  assertEquals(new Set(SETTINGS.map(({ name }) => name)).size, SETTINGS.length);
  for (const { help, name } of SETTINGS) assert(help.length > 10, name);
});
