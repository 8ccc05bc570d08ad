import { assert, assertEquals } from "@std/assert";
import { Patience } from "../../server/patience.ts";

/** Calls that were made, by name. */
function calls(): { made: string[]; call: (name: string) => () => void } {
  const made: string[] = [];
  return { made, call: (name) => () => void made.push(name) };
}

Deno.test("Patience.watch() calls once, not at once, and not who is forgotten", async () => {
  const patience = new Patience();
  const { made, call } = calls();
  const [early, late] = [call("early"), call("late")];
  const called = new Promise<void>((resolve) => patience.watch(resolve));
  const began = performance.now();
  patience.watch(early);
  patience.watch(late);
  patience.forget(early);
  await called;
  assertEquals(made, ["late"]);
  assert(performance.now() - began >= 9);
  const again = new Promise<void>((resolve) => patience.watch(resolve));
  await again;
  assertEquals(made, ["late"]);
});

Deno.test("Patience.forget() comes in time until the very last", async () => {
  const patience = new Patience();
  const { made, call } = calls();
  const late = call("late");
  const called = new Promise<void>((resolve) =>
    patience.watch(() => {
      patience.forget(late);
      resolve();
    })
  );
  patience.watch(late);
  await called;
  assertEquals(made, []);
});

Deno.test("Patience.stop() leaves no timer behind, and nobody is called", () => {
  const patience = new Patience();
  const { made, call } = calls();
  patience.watch(call("late"));
  patience.stop();
  patience.stop();
  assertEquals(made, []);
});
