import { until } from "./events.ts";

/** Waits until a process has ended that is no child of this one; Linux only. */
export async function gone(pid: number): Promise<void> {
  await until(`process ${pid} has ended`, async () => {
    try {
      // What has ended but was not waited for is a zombie.
      return / [ZX] /.test(await Deno.readTextFile(`/proc/${pid}/stat`));
    } catch {
      return true;
    }
  });
}
