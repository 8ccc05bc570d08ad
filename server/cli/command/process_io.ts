import { openPrompt } from "../terminal/prompt.ts";
import { openScreen, terminalSize } from "../terminal/terminal.ts";
import { OutputStream } from "../terminal/write_to.ts";
import type { CommandIo } from "./command.ts";

/** Where a command of this process writes. */
export interface ProcessIo extends CommandIo {
  /** The exit code where some of what was written is lost; 0 as long as nothing is. */
  outputCode(): number;
}

/** The process's own streams, and the terminal where there is one. */
export function processIo(): ProcessIo {
  const stderr = new OutputStream(Deno.stderr, { descriptor: 2 });
  const err = (text: string): void => void stderr.writeSync(text);
  const stdout = new OutputStream(Deno.stdout, {
    descriptor: 1,
    failed: (message) => err(`fourtuple: ${message}\n`),
  });
  const typed = Deno.stdin.isTerminal();
  const shown = Deno.stdout.isTerminal();
  return {
    out: (text) => stdout.writeSync(text),
    write: (data) => stdout.write(data),
    err,
    outputCode: () => stdout.exitCode || stderr.exitCode,
    ...shown && { columns: terminalSize().columns },
    ...typed && {
      ask: (question) => {
        err(question);
        return readLine(Deno.stdin);
      },
    },
    ...typed && shown && { openScreen, openPrompt },
  };
}

/**
 * Reads one line. A terminal hands out whole lines, and what is typed ahead stays there.
 *
 * @param input Where it is typed.
 * @returns The line without its line feed; what there is when the input ends.
 */
export async function readLine(
  input: { read(buffer: Uint8Array): Promise<number | null> },
): Promise<string> {
  const buffer = new Uint8Array(1024);
  const decoder = new TextDecoder();
  let line = "";
  while (!line.includes("\n")) {
    const length = await input.read(buffer);
    if (length === null) break;
    line += decoder.decode(buffer.subarray(0, length), { stream: true });
  }
  return line.split("\n")[0]!.replace(/\r$/, "");
}
