import { assertEquals } from "@std/assert";
import { completeSettings, SETTING_DEFAULTS } from "../../../../server/cli/serve/settings.ts";

Deno.test("completeSettings() keeps what is given, limits apart from the rest", () => {
  const { limits, ...settings } = completeSettings({ port: 1, connections: 2, whenFull: "drop" });
  assertEquals(limits, { connections: 2, whenFull: "drop" });
  const { limits: none, ...defaults } = completeSettings({});
  assertEquals(none, {});
  assertEquals(settings, { ...defaults, port: 1 });
});

Deno.test("completeSettings() gives what is set instead of a default", () => {
  const { limits, ...settings } = completeSettings({ app: "echo", tlsCert: "chain.pem" });
  assertEquals(settings, { ...SETTING_DEFAULTS, app: "echo", tlsCert: "chain.pem" });
  assertEquals(limits, {});
});
