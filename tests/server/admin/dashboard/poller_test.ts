import { assertEquals } from "@std/assert";
import { Poller } from "../../../../server/admin/dashboard/poller.js";
import { Events } from "../../../helpers/events.ts";

/** Runs a test with a page that is there; it can be hidden, and tells when somebody looks whether it is. */
async function withPage(
  body: (hide: (hidden: boolean) => void, looks: Events<boolean>) => Promise<void>,
): Promise<void> {
  const looks = new Events<boolean>();
  let isHidden = false;
  const page = {
    get hidden() {
      looks.push(isHidden);
      return isHidden;
    },
  };
  Object.defineProperty(globalThis, "document", { value: page, configurable: true });
  try {
    await body((hidden) => isHidden = hidden, looks);
  } finally {
    Reflect.deleteProperty(globalThis, "document");
  }
}

/** A poller whose answers a test gives. */
function startPoller(isWanted?: () => boolean) {
  const questions = new Events<{ answer: (text: string) => void; signal: AbortSignal }>();
  const shown = new Events<string>();
  const poller = new Poller<string>({
    every: 1,
    read(signal) {
      const { promise, resolve } = Promise.withResolvers<string>();
      questions.push({ answer: resolve, signal });
      return promise.then((text) => {
        if (text === "fault") throw new Error(text);
        return text;
      });
    },
    show: (text) => shown.push(text),
    fail: (error) => shown.push(String(error)),
    ...isWanted && { isWanted },
  });
  poller.start();
  return { poller, questions, shown };
}

Deno.test("Poller asks again after each answer, and after a fault", async () => {
  await withPage(async () => {
    const { poller, questions, shown } = startPoller();
    for (const text of ["a", "fault", "b"]) (await questions.next()).answer(text);
    await questions.next();
    poller.stop();
    assertEquals(shown.all, ["a", "Error: fault", "b"]);
  });
});

Deno.test("Poller never shows what was asked before start() or stop()", async () => {
  await withPage(async () => {
    const { poller, questions, shown } = startPoller();
    const before = await questions.next();
    poller.start();
    assertEquals(before.signal.aborted, true);
    const now = await questions.next();
    before.answer("old");
    now.answer("new");
    const last = await questions.next();
    poller.stop();
    last.answer("late");
    // Whatever would come of it has come by the next turn.
    await new Promise((resolve) => setTimeout(resolve));
    assertEquals([shown.all, questions.all.length], [["new"], 3]);
  });
});

Deno.test("Poller asks nothing for a page that is hidden, and on when it is shown", async () => {
  await withPage(async (hide, looks) => {
    const { poller, questions } = startPoller();
    hide(true);
    (await questions.next()).answer("a");
    for (let count = 0; count < 3; count++) await looks.next();
    assertEquals(questions.all.length, 1);
    hide(false);
    await questions.next();
    poller.stop();
  });
});

Deno.test("Poller asks no further question that is not wanted", async () => {
  await withPage(async () => {
    const looks = new Events<boolean>();
    const { poller, questions } = startPoller(() => {
      const isWanted = looks.all.length === 3;
      looks.push(isWanted);
      return isWanted;
    });
    (await questions.next()).answer("a");
    await questions.next();
    poller.stop();
    assertEquals(looks.all, [false, false, false, true]);
  });
});
