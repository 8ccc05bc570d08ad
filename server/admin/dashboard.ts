import { createHash } from "node:crypto";
import api from "./dashboard/api.js" with { type: "text" };
import chart from "./dashboard/chart.js" with { type: "text" };
import columns from "./dashboard/columns.js" with { type: "text" };
import connection from "./dashboard/connection.js" with { type: "text" };
import connectionFacts from "./dashboard/connection_facts.js" with { type: "text" };
import connectionLayout from "./dashboard/connection_layout.js" with { type: "text" };
import connections from "./dashboard/connections.js" with { type: "text" };
import dashboard from "./dashboard/dashboard.js" with { type: "text" };
import css from "./dashboard/dashboard.css" with { type: "text" };
import dialog from "./dashboard/dialog.js" with { type: "text" };
import dom from "./dashboard/dom.js" with { type: "text" };
import drain from "./dashboard/drain.js" with { type: "text" };
import format from "./dashboard/format.js" with { type: "text" };
import html from "./dashboard/index.html" with { type: "text" };
import icon from "./dashboard/icon.svg" with { type: "text" };
import limits from "./dashboard/limits.js" with { type: "text" };
import live from "./dashboard/live.js" with { type: "text" };
import nextLimit from "./dashboard/next_limit.js" with { type: "text" };
import overview from "./dashboard/overview.js" with { type: "text" };
import poller from "./dashboard/poller.js" with { type: "text" };
import series from "./dashboard/series.js" with { type: "text" };
import table from "./dashboard/table.js" with { type: "text" };
import tap from "./dashboard/tap.js" with { type: "text" };
import uplot from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import uplotCss from "uplot/dist/uPlot.min.css" with { type: "text" };
import workers from "./dashboard/workers.js" with { type: "text" };

const SCRIPTS: Record<string, string> = {
  api,
  chart,
  columns,
  connection,
  "connection_facts": connectionFacts,
  "connection_layout": connectionLayout,
  connections,
  dashboard,
  dialog,
  dom,
  drain,
  format,
  limits,
  live,
  "next_limit": nextLimit,
  overview,
  poller,
  series,
  table,
  tap,
  uplot,
  workers,
};

/**
 * Sent with every file. The page loads from its own origin alone. 'self' in connect-src covers the
 * WebSocket of the same host and port, as Content Security Policy Level 3 has it. Trusted types make
 * the browser refuse any text that would become HTML.
 */
const HEADERS: Record<string, string> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  // Kept by the browser, but asked for each time, so that a new version shows at once.
  "cache-control": "no-cache",
};

/** A file of the page. */
interface PageFile {
  readonly text: string;
  readonly type: string;
  /** A strong one, of what the file says. */
  readonly etag: string;
}

/** Every file of the page by its path on the ops port. Nothing else is served. */
const FILES: ReadonlyMap<string, PageFile> = new Map([
  file("/", html, "text/html"),
  file("/dashboard.css", css, "text/css"),
  file("/uplot.css", uplotCss, "text/css"),
  file("/icon.svg", icon, "image/svg+xml"),
  ...Object.entries(SCRIPTS).map(([name, text]) => file(`/${name}.js`, text, "text/javascript")),
]);

function file(path: string, text: string, type: string): [string, PageFile] {
  const etag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
  return [path, { text, type: `${type}; charset=utf-8`, etag }];
}

/**
 * Gives a file of the dashboard. The files are part of this module, so that a compiled binary has
 * them.
 *
 * @param path The path of the request, such as `/` or `/dashboard.js`.
 * @param ifNoneMatch The request's `If-None-Match`, if it has one.
 * @returns The file, with the policy that the page needs and an ETag; 304 without it where the client
 * has it already; `undefined` when there is none.
 */
export function dashboardFile(path: string, ifNoneMatch?: string | null): Response | undefined {
  const found = FILES.get(path);
  if (found === undefined) return undefined;
  const { text, type, etag } = found;
  const headers = { ...HEADERS, etag };
  if (names(ifNoneMatch ?? "", etag)) return new Response(null, { status: 304, headers });
  return new Response(text, { headers: { ...headers, "content-type": type } });
}

/** RFC 9110 13.1.2: any of the list, compared weakly; or `*`. No tag of ours has a comma in it. */
function names(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch.trim() === "*") return true;
  return ifNoneMatch.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}
