import type { Played, Script } from "./play.ts";

/** A client may take so many milliseconds for all of its cases; then it is killed. */
export const DEADLINE = 120_000;

/**
 * Plays scripts with a child process: it reads a group of them from each line of its stdin, and
 * answers each with a line on its stdout.
 */
export async function playWithChild(
  command: string,
  args: string[],
  groups: Script[][],
): Promise<Played> {
  await using child = new Deno.Command(command, {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = new Blob(groups.map((group) => `${JSON.stringify(group)}\n`));
  const { value: [output], late } = await within(
    DEADLINE,
    Promise.all([child.output(), input.stream().pipeTo(child.stdin).catch(() => {})]),
    () => child.kill("SIGKILL"),
  );
  const decoder = new TextDecoder();
  const [stdout, stderr] = [decoder.decode(output.stdout), decoder.decode(output.stderr)];
  return {
    results: stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line)),
    remarks: [
      late ? `It was killed after ${DEADLINE} ms.` : `Its exit code is ${output.code}.`,
      stderr,
    ].join("\n"),
  };
}

/** Waits for work, and stops it at a deadline; the work then has to end by itself. */
export async function within<T>(
  milliseconds: number,
  work: Promise<T>,
  stop: () => void,
): Promise<{ value: T; late: boolean }> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stop();
  }, milliseconds);
  try {
    return { value: await work, late };
  } finally {
    clearTimeout(timer);
  }
}
