/**
 * The HTML shell of the reports: one file that needs no network, light or dark as the reader's
 * system is.
 *
 * @module
 */

/** One part of a page. */
export interface PageSection {
  /** Its heading, as plain text. */
  heading: string;
  /** Its content, as HTML: the caller has passed every text in it through {@linkcode escapeHtml}. */
  html: string;
}

/** The colours of a page by the names of their CSS variables: `c1` to `c4` are for the lines of plots. */
export type Palette = Readonly<
  Record<"paper" | "ink" | "soft" | "rule" | "band" | "c1" | "c2" | "c3" | "c4" | "mark", string>
>;

/** The colours on a light ground. */
export const LIGHT: Palette = {
  paper: "#ffffff",
  ink: "#1c2430",
  soft: "#586274",
  rule: "#dde2ea",
  band: "#f5f7fa",
  c1: "#1f6fd1",
  c2: "#c2410c",
  c3: "#1a8754",
  c4: "#8b3fc4",
  mark: "#c81e3a",
};

const DARK: Palette = {
  paper: "#12161d",
  ink: "#e3e8ef",
  soft: "#9aa6b8",
  rule: "#2c3542",
  band: "#1a202a",
  c1: "#6aa9ff",
  c2: "#ff9a5c",
  c3: "#4fd08f",
  c4: "#c792ff",
  mark: "#ff7088",
};

const STYLE = `
:root { color-scheme: light dark; ${variables(LIGHT)} }
@media (prefers-color-scheme: dark) { :root { ${variables(DARK)} } }
@media print { :root { ${variables(LIGHT)} } }
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 64rem;
  background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; }
p { max-width: 46rem; }
a { color: var(--c1); }
figure { margin: 1rem 0; }
figure svg { display: block; width: 100%; height: auto; max-width: 46rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding-bottom: .25rem; }
th, td { padding: .3rem .75rem; border-bottom: 1px solid var(--rule); text-align: right; white-space: nowrap; }
th { font-weight: 600; }
thead th { background: var(--band); vertical-align: bottom; white-space: normal; min-width: 5rem; }
th:first-child, td:first-child, td.text, th.text { text-align: left; }
table.figures :is(th, td):first-child { text-align: right; }
td.text { white-space: pre-line; min-width: 12rem; overflow-wrap: anywhere; }
td.short { text-align: left; }
:is(td.text, td.short), tbody th { vertical-align: top; }
tbody th { white-space: normal; overflow-wrap: anywhere; min-width: 8rem; }
code, pre { font: .875em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
pre { background: var(--band); padding: .75rem 1rem; overflow-x: auto; }
code { overflow-wrap: anywhere; }
pre code { overflow-wrap: normal; }
footer { margin-top: 3rem; color: var(--soft); font-size: .875rem; }
`;

/**
 * Writes a whole page. Tables that may be wider than a phone stand in `<div class="scroll">`; cells of
 * text have the class `text` or, where they are not to be broken, `short`; and a table that has
 * figures in its first column too is of class `figures`.
 *
 * @param title The title, as plain text.
 * @param sections What follows it, in order.
 * @returns The HTML document, which refers to nothing outside itself.
 */
export function page(title: string, sections: readonly PageSection[]): string {
  const parts = sections.map(({ heading, html }) =>
    `<section>\n<h2>${escapeHtml(heading)}</h2>\n${html}\n</section>\n`
  );
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${parts.join("")}</body>
</html>
`;
}

/**
 * Escapes text for HTML: for content and for attributes in quotes.
 *
 * @param text Any text.
 */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

function variables(palette: Palette): string {
  return Object.entries(palette).map(([name, color]) => `--${name}: ${color};`).join(" ");
}
