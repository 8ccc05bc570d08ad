/** Lists the processes that a process has started; Linux only. */
export async function childrenOf(parent: number): Promise<number[]> {
  const found: number[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await Deno.readTextFile(`/proc/${name}/stat`).catch(() => "");
    if (stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] === `${parent}`) {
      found.push(Number(name));
    }
  }
  return found;
}
