import { assert, assertEquals } from "@std/assert";
import { completeSettings, SETTINGS, workersFault } from "../../../server/cli/settings.ts";
import { DEFAULT_LIMITS, LIMIT_NAMES } from "../../../server/limits.ts";

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

Deno.test("completeSettings() keeps what is given, limits apart from the rest", () => {
  const { limits, ...settings } = completeSettings({ port: 1, connections: 2, whenFull: "drop" });
  assertEquals(limits, { connections: 2, whenFull: "drop" });
  const { limits: none, ...defaults } = completeSettings({});
  assertEquals(none, {});
  assertEquals(settings, { ...defaults, port: 1 });
});

Deno.test("workersFault() takes a number or auto, and more than 1 on Linux alone", () => {
  const expected = 'expected an integer from 1 to 1024, or "auto"';
  for (const value of [0, -1, 1.5, 1_025, "many", "2", null, true]) {
    assertEquals(workersFault(value, "linux"), expected, String(value));
  }
  for (const value of [1, 2, 1_024, "auto"]) assertEquals(workersFault(value, "linux"), undefined);
  assertEquals(workersFault(1, "darwin"), undefined);
  for (const value of [2, "auto"]) {
    const reason = "expected 1, as only Linux shares a port out among processes";
    assertEquals(workersFault(value, "windows"), reason);
  }
});
