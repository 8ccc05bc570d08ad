import { assertThrows } from "@std/assert";
import { checkOptions } from "../../server/options.ts";

Deno.test("checkOptions() takes nothing at all, and what clients could name", () => {
  checkOptions({});
  checkOptions({ subprotocols: ["chat", "v1.chat"], cert: "x", key: "y" });
});

Deno.test("checkOptions() needs cert and key together", () => {
  for (const options of [{ cert: "x" }, { key: "x" }]) {
    assertThrows(() => checkOptions(options), TypeError, "cert and key");
  }
});

Deno.test("checkOptions() refuses subprotocols that no client could name", () => {
  for (const subprotocols of [["a b"], ["chat", ""], ["a,b"]]) {
    assertThrows(() => checkOptions({ subprotocols }), TypeError, "not a token");
  }
});

Deno.test("checkOptions() refuses a hook that is no function, since without one everybody gets in", () => {
  for (const name of ["fetch", "upgrade", "open", "message", "drain", "close", "log"]) {
    for (const hook of [null, false, "allow", {}]) {
      assertThrows(() => checkOptions({ [name]: hook }), TypeError, `${name} must be a function`);
    }
    checkOptions({ [name]: undefined });
  }
});
