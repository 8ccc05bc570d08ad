import type { CommandIo } from "../../server/cli/command/command.ts";

/**
 * Runs a command in this process, where it must not start anything that outlives it.
 *
 * @param run Runs it.
 * @returns Its exit code and what it wrote.
 */
export async function written(
  run: (io: CommandIo) => Promise<number>,
): Promise<{ code: number; out: string; err: string }> {
  const text = { out: "", err: "" };
  const decoder = new TextDecoder();
  const code = await run({
    out: (more) => void (text.out += more),
    write(more) {
      text.out += typeof more === "string" ? more : decoder.decode(more, { stream: true });
      return Promise.resolve(true);
    },
    err: (more) => void (text.err += more),
  });
  return { code, ...text };
}
