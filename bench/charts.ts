/**
 * Line plots as SVG, drawn by echarts without a browser. Colours are the variables of the page's style
 * (see page.ts), so that one drawing serves light and dark.
 *
 * @module
 */

import * as echarts from "echarts";
import { escapeHtml, LIGHT, type Palette } from "./page.ts";

/** One line of a plot. */
export interface Series {
  /** Its name in the legend. */
  name: string;
  /** Its points, from left to right. */
  points: readonly (readonly [x: number, y: number])[];
}

/** A plot of up to four lines. */
export interface LinePlot {
  /** What it shows; read aloud in place of the picture. */
  title: string;
  /** What is along the bottom. */
  xName: string;
  /** What is up the side, with its unit. */
  yName: string;
  /** The lines, the first four of them with a colour of their own. */
  series: readonly Series[];
  /** A vertical line, drawn if the plot reaches as far. */
  mark?: { at: number; label: string };
  /** Whether the side is logarithmic; 0 cannot be drawn then and is left out. */
  log?: boolean;
}

/** Pixels. What stands in a page is narrow, so that it can be read on a phone too. */
interface Size {
  width: number;
  height: number;
  /** Kept free above for a title; 0 for none. */
  title: number;
}

const IN_PAGE: Size = { width: 620, height: 340, title: 0 };
const ALONE: Size = { width: 840, height: 420, title: 40 };

const COLORS = ["var(--c1)", "var(--c2)", "var(--c3)", "var(--c4)"];
const SYMBOLS = ["circle", "rect", "triangle", "diamond"];
/** So that lines can be told apart where one covers the other, and without their colours. */
const DASHES: ("solid" | number[])[] = ["solid", [8, 4], [2, 3], [10, 3, 2, 3]];
const FONT = "system-ui, -apple-system, Segoe UI, Roboto, sans-serif";

/**
 * Draws a plot for a page of page.ts.
 *
 * @param plot What to draw.
 * @returns An `<svg>` element for HTML.
 */
export function drawLines(plot: LinePlot): string {
  return render(plot, IN_PAGE);
}

/**
 * Draws a plot as a file of its own, with a light ground and its title, readable on any page.
 *
 * @param plot What to draw.
 * @returns The SVG document.
 */
export function drawPicture(plot: LinePlot): string {
  return render(plot, ALONE)
    .replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')
    .replace(/(<rect [^>]*)fill="none"/, '$1fill="var(--paper)"')
    .replaceAll(/var\(--(\w+)\)/g, (_, name: keyof Palette) => LIGHT[name]) + "\n";
}

function render(plot: LinePlot, size: Size): string {
  const chart = echarts.init(null, null, {
    renderer: "svg",
    ssr: true,
    width: size.width,
    height: size.height,
  });
  try {
    // Nothing moves in a picture, and the clock would outlive it.
    chart.getZr().animation.start = () => {};
    chart.setOption(optionOf(plot, size));
    return tidy(chart.renderToSVGString())
      .replace("<svg ", `<svg role="img" aria-label="${escapeHtml(plot.title)}" `);
  } finally {
    chart.dispose();
  }
}

/** Leaves out what echarts writes for its own scripts and for pointers, and the clipping of lines. */
function tidy(svg: string): string {
  return svg
    .replaceAll(
      / (?:xmlns(?::\w+)?|version|baseProfile|pointer-events|class|clip-path|ecmeta_\w+)="[^"]*"/g,
      "",
    )
    .replace(/<defs[^]*?<\/defs>/, "")
    .replace(/<style[^]*?<\/style>/, "")
    .replaceAll(/\n+/g, "\n")
    .trimEnd();
}

function optionOf(plot: LinePlot, { title }: Size): echarts.EChartsOption {
  const { mark, log = false } = plot;
  const lines = plot.series.map(({ name, points }) => ({
    name,
    points: log ? points.filter(([, y]) => y > 0) : points,
  }));
  const right = Math.max(0, ...lines.flatMap(({ points }) => points.map(([x]) => x)));
  const axis = {
    nameLocation: "middle",
    nameTextStyle: text("soft"),
    axisLine: { lineStyle: { color: "var(--rule)" }, onZero: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: "var(--rule)" } },
    minorTick: { show: false },
  } as const;
  const label = { ...text("soft"), formatter: tickText };
  return {
    animation: false,
    title: {
      show: title > 0,
      text: plot.title,
      left: 16,
      top: 14,
      textStyle: { ...text("ink"), fontSize: 17, fontWeight: 600 },
    },
    legend: {
      top: title + 8,
      left: 70,
      itemGap: 16,
      textStyle: text("ink"),
      selectedMode: false,
    },
    grid: { left: 76, right: 36, top: title + 62, bottom: 54 },
    xAxis: {
      ...axis,
      type: "value",
      min: 0,
      name: plot.xName,
      nameGap: 32,
      axisLabel: { ...label, hideOverlap: true },
    },
    yAxis: {
      ...axis,
      type: log ? "log" : "value",
      name: plot.yName,
      nameGap: 56,
      axisLabel: label,
    },
    series: lines.map(({ name, points }, index) => ({
      type: "line",
      name,
      data: points.map(([x, y]) => [x, y]),
      clip: false,
      silent: true,
      symbol: SYMBOLS[index % SYMBOLS.length]!,
      symbolSize: 7,
      showAllSymbol: true,
      color: COLORS[index % COLORS.length]!,
      lineStyle: { width: 2, type: DASHES[index % DASHES.length]! },
      ...index === 0 && mark !== undefined && mark.at <= right && { markLine: markLine(mark) },
    })),
  };
}

function markLine({ at, label }: { at: number; label: string }): echarts.MarkLineComponentOption {
  return {
    silent: true,
    symbol: "none",
    data: [{ xAxis: at }],
    lineStyle: { color: "var(--mark)", type: "dashed", width: 1.5 },
    label: { ...text("mark"), formatter: label, fontWeight: 600 },
  };
}

function text(color: keyof Palette): { color: string; fontFamily: string; fontSize: number } {
  return { color: `var(--${color})`, fontFamily: FONT, fontSize: 14 };
}

/** Enough digits for every tick, and separators between thousands. */
function tickText(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 3 });
}
