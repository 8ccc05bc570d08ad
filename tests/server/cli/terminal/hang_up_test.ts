import { assertEquals } from "@std/assert";
import { terminalWatch } from "../../../../server/cli/terminal/hang_up.ts";

/** A stream that a test makes a terminal, or not. */
function stream(terminal: boolean): { terminal: boolean; isTerminal(): boolean } {
  return {
    terminal,
    isTerminal() {
      return this.terminal;
    },
  };
}

Deno.test("terminalWatch() says that a terminal is closed once a stream is none any more", () => {
  const [file, terminal, other] = [stream(false), stream(true), stream(true)];
  const hungUp = terminalWatch([file, terminal, other]);
  assertEquals(hungUp(), false);
  other.terminal = false;
  assertEquals(hungUp(), true);
});

Deno.test("terminalWatch() says nothing of streams that were no terminal at the start", () => {
  const hungUp = terminalWatch([stream(false), stream(false)]);
  assertEquals(hungUp(), false);
});
