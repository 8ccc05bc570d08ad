// Runs alone: it sets environment variables, which children of other tests would inherit.

import { assertEquals } from "@std/assert";
import { handedOn, handOn } from "../../../../server/cli/serve/handed_settings.ts";
import { completeSettings } from "../../../../server/cli/serve/settings.ts";

Deno.test("handOn() hands the settings on that handedOn() takes, but for those of the ops port", () => {
  const settings = completeSettings({ port: 0, origin: ["*"], connections: 5, tlsCert: "c" });
  const ops = {
    admin: "127.0.0.1:1",
    adminToken: "0123456789abcdef",
    adminTokenFile: "t",
    adminHost: ["a.example"],
    auditLog: "a",
  };
  const before = Deno.env.toObject();
  try {
    handOn({ ...settings, ...ops });
    assertEquals(handedOn(Deno.env.toObject()), settings);
  } finally {
    for (const name of Object.keys(Deno.env.toObject())) {
      if (!(name in before)) Deno.env.delete(name);
    }
  }
  assertEquals(handedOn(before), undefined);
});
