import { assertEquals, assertStrictEquals } from "@std/assert";
import { deflateFault } from "../../../../server/connection/deflate/deflate_fault.ts";

// On the runtime that is supported nothing is wrong; that 2.4.2 inflates on and on was tried there.
Deno.test("deflateFault() finds nothing wrong with a runtime that bounds what it inflates", () => {
  const [major = 0, minor = 0] = Deno.version.deno.split(".").map(Number);
  if (major > 2 || minor >= 9) assertStrictEquals(deflateFault(), undefined);
  else assertEquals(deflateFault()?.includes(Deno.version.deno), true);
});
