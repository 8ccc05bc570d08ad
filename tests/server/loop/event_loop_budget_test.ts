import { assert, assertEquals } from "@std/assert";
import { EventLoopBudget, FRAMES_PER_LOOK } from "../../../server/loop/event_loop_budget.ts";

/** A turn with a clock that the test sets. */
class Setup {
  now = 0;
  readonly turn = new EventLoopBudget(() => this.now);

  /** Asks until the clock has been looked at. */
  ask(now: number): Promise<void> | undefined {
    this.now = now;
    for (let asked = 1; asked < FRAMES_PER_LOOK; asked++) {
      const wait = this.turn.over(1);
      if (wait !== undefined) return wait;
    }
    return this.turn.over(1);
  }
}

Deno.test("EventLoopBudget.over() lets go on for 10 ms, and then makes everybody wait for the event loop", async () => {
  const setup = new Setup();
  assertEquals([setup.ask(100), setup.ask(105), setup.ask(110)], [undefined, undefined, undefined]);
  const waits = [setup.ask(110.1), setup.turn.over(1)];
  for (const wait of waits) assert(wait !== undefined);
  let timers = 0;
  setTimeout(() => timers++);
  await Promise.all(waits);
  assertEquals(timers, 0, "The turn's own timer was the first of this turn of the loop");
  assertEquals(setup.ask(200), undefined, "A new turn has begun");
  setup.turn.stop();
});

Deno.test("EventLoopBudget.over() begins anew when the event loop has turned", async () => {
  const setup = new Setup();
  assertEquals(setup.ask(100), undefined);
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(setup.ask(10_000), undefined);
  assert(setup.ask(10_011) !== undefined);
  setup.turn.stop();
});

Deno.test("EventLoopBudget.over() looks at the clock once in so many frames, or when there were more", () => {
  let looks = 0;
  const turn = new EventLoopBudget(() => looks++);
  for (let frames = 0; frames < 4 * FRAMES_PER_LOOK; frames++) turn.over(1);
  assertEquals(looks, 4);
  turn.over(1_000);
  assertEquals(looks, 5);
  turn.stop();
});

Deno.test("EventLoopBudget.over() looks at the clock at once after work that no frames count for", () => {
  const setup = new Setup();
  assertEquals([setup.turn.over(0), setup.turn.mustLook], [undefined, false]);
  for (const ask of [() => setup.turn.spentForWork(), () => setup.turn.isOverdue()]) {
    ask();
    assert(setup.turn.mustLook);
    assertEquals([setup.turn.over(0), setup.turn.mustLook], [undefined, false]);
  }
  setup.now = 10.1;
  setup.turn.isOverdue();
  assert(setup.turn.over(0) !== undefined);
  setup.turn.stop();
});

Deno.test("EventLoopBudget.spentForWork() makes wait once the turn is over, also for others", async () => {
  const setup = new Setup();
  assertEquals(setup.turn.spentForWork(), undefined);
  setup.now = 10;
  assertEquals(setup.turn.spentForWork(), undefined);
  setup.now = 10.1;
  await setup.turn.spentForWork()!;
  const waits = [setup.ask(100), setup.ask(111), setup.turn.spentForWork()];
  assertEquals(waits.map((wait) => wait === undefined), [true, false, false]);
  setup.turn.stop();
  await Promise.all(waits);
});

Deno.test("EventLoopBudget.isOverdue() tells when the turn has lasted twice as long as it should", () => {
  const setup = new Setup();
  const at = (now: number) => {
    setup.now = now;
    return setup.turn.isOverdue();
  };
  assertEquals([at(5), at(25), at(25.1)], [false, false, true]);
  setup.turn.stop();
  assertEquals(at(30), false);
  setup.turn.stop();
});

Deno.test("EventLoopBudget.stop() lets everybody go", async () => {
  const setup = new Setup();
  setup.turn.stop();
  setup.ask(1);
  const wait = setup.ask(100);
  assert(wait !== undefined);
  setup.turn.stop();
  await wait;
});
