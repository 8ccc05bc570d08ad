// One chart of figures over time, drawn by uPlot, which the page loads before its modules.

import { clock } from "./format.js";
import { make, setText } from "./dom.js";
import { scaleTop, timeSpan } from "./series.js";

/** @type {any} uPlot as a script of its own: its types are not on the page. */
const uPlot = Reflect.get(globalThis, "uPlot");

const DARK = matchMedia("(prefers-color-scheme: dark)");

/** What can be between two times of the axis, in seconds. */
const TIME_STEPS = [5, 10, 15, 30, 60, 120, 180, 300];

/** How the first line of a chart is drawn, the second and the third, in pixels. */
const DASHES = [[], [6, 3], [2, 3]];

const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/**
 * @typedef {{ title: string, height?: number, lines: { label: string, color: string }[],
 *   write: (value: number) => string, axis?: (value: number) => string }} ChartOptions
 *   `color` is the name of a custom property; `write` writes a figure, `axis` a figure of the axis.
 * @typedef {{ value: number, label: string }} Mark A limit: a line across the chart.
 */

/** A chart with its title and the figures under the cursor, or else the last ones. */
export class Chart {
  #options;
  #plot;
  #values;
  #when;
  /** @type {Mark | undefined} */
  #mark;
  /** @type {(number | null)[][]} */
  #columns;
  #resizes;
  /** Colors are read when a chart is drawn. */
  #redraw = () => this.#plot.redraw();

  /**
   * @param {HTMLElement} host Where it is to be.
   * @param {ChartOptions} options
   */
  constructor(host, options) {
    this.#options = options;
    const { lines, height = 160 } = options;
    this.#columns = [[], ...lines.map(() => [])];
    this.#when = make("span", { class: "when" });
    this.#values = lines.map(({ label, color }) => {
      const value = make("b", {}, "–");
      const key = make("span", { class: `key ${color}` });
      const name = lines.length > 1 ? `${label} ` : "";
      return { value, line: make("span", {}, lines.length > 1 ? key : "", name, value) };
    });
    const readout = make(
      "span",
      { class: "readout" },
      this.#when,
      ...this.#values.map((it) => it.line),
    );
    const canvas = make("div", { class: "plot", "aria-hidden": "true" });
    canvas.style.height = `${height}px`;
    host.append(
      make("figure", {}, make("figcaption", {}, make("h2", {}, options.title), readout), canvas),
    );
    this.#plot = new uPlot(
      this.#settings(canvas.clientWidth || 300, height),
      this.#columns,
      canvas,
    );
    this.#resizes = new ResizeObserver(() => {
      if (canvas.clientWidth > 0) this.#plot.setSize({ width: canvas.clientWidth, height });
    });
    this.#resizes.observe(canvas);
    DARK.addEventListener("change", this.#redraw);
  }

  /** Lets go of what the chart holds outside its place. */
  destroy() {
    this.#resizes.disconnect();
    DARK.removeEventListener("change", this.#redraw);
    this.#plot.destroy();
  }

  /**
   * Shows figures.
   *
   * @param {(number | null)[][]} columns Times in seconds, then a column for each line.
   * @param {Mark} [mark]
   */
  show(columns, mark) {
    this.#columns = columns;
    this.#mark = mark;
    this.#plot.setData(columns);
    this.#read();
  }

  /** @param {number} width @param {number} height */
  #settings(width, height) {
    const { lines, write, axis = write } = this.#options;
    const grid = { stroke: () => colorOf("line"), width: 1 };
    const ticks = { show: false };
    const stroke = () => colorOf("quiet");
    return {
      width,
      height,
      padding: [12, 8, 0, 0],
      legend: { show: false },
      cursor: {
        sync: { key: "live" },
        drag: { x: false, y: false },
        y: false,
        points: { size: 7 },
      },
      scales: {
        x: { range: () => timeSpan(this.#columns[0][0] ?? 0, this.#columns[0].at(-1) ?? 0) },
        y: { range: () => [0, scaleTop(this.#most(), this.#mark?.value)] },
      },
      axes: [
        {
          stroke,
          grid,
          ticks,
          font: FONT,
          size: 22,
          space: 70,
          incrs: TIME_STEPS,
          splits: timeSplits,
          values: (/** @type {any} */ plot, /** @type {number[]} */ times) =>
            // One at the edge would be cut.
            times.map((time) =>
              plot.valToPos(time, "x") > plot.over.clientWidth - 20 ? "" : clock(time * 1000)
            ),
        },
        {
          stroke,
          grid,
          ticks,
          font: FONT,
          size: 58,
          space: 34,
          values: (/** @type {unknown} */ _, /** @type {number[]} */ values) => values.map(axis),
        },
      ],
      series: [
        {},
        ...lines.map(({ label, color }, index) => ({
          label,
          stroke: () => colorOf(color),
          width: 1.5,
          // So that lines on each other, or without their colors, can be told apart.
          dash: DASHES[index],
          points: { show: false },
          ...lines.length === 1 && { fill: () => colorOf(`${color}-fill`) },
        })),
      ],
      hooks: { draw: [() => this.#drawMark()], setCursor: [() => this.#read()] },
    };
  }

  /** The greatest figure. */
  #most() {
    let most = 0;
    for (const column of this.#columns.slice(1)) {
      for (const value of column) if (value !== null && value > most) most = value;
    }
    return most;
  }

  /** Draws the limit as a line, or says that it is beyond the scale. */
  #drawMark() {
    const mark = this.#mark;
    if (mark === undefined) return;
    const { ctx, bbox } = this.#plot;
    const ratio = devicePixelRatio;
    const y = this.#plot.valToPos(mark.value, "y", true);
    const isBeyond = y < bbox.top;
    const at = isBeyond ? bbox.top : y;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = colorOf(isBeyond ? "quiet" : "mark");
    ctx.lineWidth = 1.5 * ratio;
    ctx.setLineDash([5 * ratio, 4 * ratio]);
    if (!isBeyond) {
      ctx.beginPath();
      ctx.moveTo(bbox.left, at);
      ctx.lineTo(bbox.left + bbox.width, at);
      ctx.stroke();
    }
    ctx.font = FONT.replace("11px", `${11 * ratio}px`);
    ctx.textBaseline = "top";
    ctx.textAlign = "left";
    const text = isBeyond ? `↑ ${mark.label}: beyond this scale` : mark.label;
    ctx.fillText(text, bbox.left + 6 * ratio, at + 4 * ratio);
    ctx.restore();
  }

  /** Writes the figures under the cursor, or the last ones. */
  #read() {
    // uPlot calls this before its constructor is over.
    const index = this.#plot?.cursor.idx;
    const isAt = typeof index === "number" && this.#columns[0][index] !== undefined;
    const at = isAt ? index : this.#columns[0].length - 1;
    const time = this.#columns[0][at];
    setText(this.#when, isAt && typeof time === "number" ? clock(time * 1000) : "");
    for (const [line, { value }] of this.#values.entries()) {
      const figure = this.#columns[line + 1]?.[at];
      setText(value, typeof figure === "number" ? this.#options.write(figure) : "–");
    }
  }
}

/**
 * Lists the times of the axis; uPlot's own list can have one beyond the end.
 *
 * @param {unknown} _plot
 * @param {number} _axis
 * @param {number} min
 * @param {number} max
 * @param {number} step
 */
function timeSplits(_plot, _axis, min, max, step) {
  const first = Math.ceil(min / step);
  const last = Math.floor(max / step);
  return Array.from(
    { length: Math.max(0, last - first + 1) },
    (_, index) => (first + index) * step,
  );
}

/**
 * Reads a color of the present theme.
 *
 * @param {string} name
 */
function colorOf(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
