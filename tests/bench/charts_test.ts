import { assert, assertEquals } from "@std/assert";
import { drawLines, drawPicture, type LinePlot } from "../../bench/charts.ts";
import { LIGHT } from "../../bench/page.ts";

const PLOT: LinePlot = {
  title: "Memory <of> all",
  xName: "Connections",
  yName: "MiB & more",
  mark: { at: 65_535, label: "65,535" },
  series: [
    { name: "Server <1>", points: [[1_000, 60], [40_000, 400], [100_000, 1_900]] },
    { name: "Kernel", points: [[1_000, 0], [40_000, 100], [100_000, 300]] },
  ],
};

/** The texts of a drawing, in the order they stand in it. */
function texts(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text = ""]) => text);
}

/** The left edge of the vertical line in the colour of marks. */
function markAt(svg: string): number | undefined {
  const [, x] = /<path d="M([\d.]+) [\d.]+L\1 [^>]*var\(--mark\)/.exec(svg) ?? [];
  return x === undefined ? undefined : Number(x);
}

/** Where the axis label of a value stands. */
function labelAt(svg: string, label: string): number {
  const [, x] = new RegExp(`translate\\(([\\d.]+) [\\d.]+\\)[^>]*>${label}<`).exec(svg)!;
  return Number(x);
}

Deno.test("drawLines() names the axes and every series, and separates thousands", () => {
  const found = texts(drawLines(PLOT));
  for (const text of ["Connections", "MiB &amp; more", "Server &lt;1&gt;", "Kernel", "65,535"]) {
    assert(found.includes(text), `${text} in ${found}`);
  }
  assert(found.includes("100,000") && found.includes("2,100"), found.join(" "));
});

Deno.test("drawLines() draws every series with a point for each of its points", () => {
  const svg = drawLines(PLOT);
  for (const color of ["var(--c1)", "var(--c2)"]) {
    assertEquals(
      svg.match(new RegExp(`transform="matrix[^>]*fill="${RegExp.escape(color)}"`, "g"))?.length,
      3,
    );
    assert(new RegExp(`d="M[^"]*"[^>]*stroke="${RegExp.escape(color)}"`).test(svg));
  }
});

Deno.test("drawLines() draws the mark where it belongs", () => {
  const svg = drawLines(PLOT);
  const [left, right] = [labelAt(svg, "0"), labelAt(svg, "100,000")];
  assertEquals(Math.round(100 * (markAt(svg)! - left) / (right - left)), 66);
});

Deno.test("drawLines() draws no mark when the plot ends before it", () => {
  const series = [{ name: "a", points: [[100, 1], [1_000, 2]] }] as const;
  const svg = drawLines({ ...PLOT, series });
  assertEquals(markAt(svg), undefined);
  assert(!texts(svg).includes("65,535"));
});

Deno.test("drawLines() leaves zero out when the side is logarithmic", () => {
  const series = [{ name: "a", points: [[0, 0], [10, 1], [20, 1_000]] }] as const;
  const svg = drawLines({ ...PLOT, series, log: true });
  assertEquals(svg.match(/transform="matrix[^>]*fill="var\(--c1\)"/g)?.length, 2);
  assert(!/NaN|Infinity/.test(svg));
});

Deno.test("drawLines() refers to nothing outside the drawing and runs nothing", () => {
  const svg = drawLines(PLOT);
  assertEquals(svg.match(/https?:|href|<script|<style|\bon\w+=/g), null);
  assert(svg.startsWith('<svg role="img" aria-label="Memory &lt;of&gt; all"'));
});

Deno.test("drawPicture() has its title, a ground of its own and no variables", () => {
  const svg = drawPicture(PLOT);
  assert(svg.startsWith('<svg xmlns="http://www.w3.org/2000/svg" '));
  assert(texts(svg).includes("Memory &lt;of&gt; all"));
  assert(/<rect [^>]*fill="(#\w+)"/.exec(svg)?.[1] === LIGHT.paper);
  assert(!svg.includes("var(") && !svg.includes("undefined"));
});
