import { ROOT } from "./module_graph.ts";

/** Reads the README. */
export async function readReadme(): Promise<string> {
  return await Deno.readTextFile(new URL("README.md", ROOT));
}

/** Returns what stands below the first heading with a word in it, up to the next heading. */
export function sectionOf(markdown: string, word: string): string {
  const lines: string[] = [];
  let [inside, fenced] = [false, false];
  for (const line of markdown.split("\n")) {
    if (line.startsWith("```")) fenced = !fenced;
    const isHeading = !fenced && /^#+ /.test(line);
    if (isHeading && inside) break;
    if (inside) lines.push(line);
    inside ||= isHeading && line.toLowerCase().includes(word.toLowerCase());
  }
  return lines.join("\n") + "\n";
}

/** Returns the code of all TypeScript blocks. */
export function codeBlocks(markdown: string): string[] {
  return [...markdown.matchAll(/^```ts[^\n]*\n([^]*?)^```$/gm)].map(([, code = ""]) => code);
}

/** Returns the cells of the rows of the first table, its head left out. */
export function tableRows(markdown: string): string[][] {
  const [, , ...rows] = /(?:^\|.*\|$\n?)+/m.exec(markdown)?.[0].trim().split("\n") ?? [];
  return rows.map((row) => row.slice(1, -1).split("|").map((cell) => cell.trim()));
}
