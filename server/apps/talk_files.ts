import { createHash } from "node:crypto";
import backoff from "../../client/backoff.js" with { type: "text" };
import offlineQueue from "../../client/offline_queue.js" with { type: "text" };
import reconnecting from "../../client/reconnecting.js" with { type: "text" };
import reconnectingEvents from "../../client/reconnecting_events.js" with { type: "text" };
import card from "./talk/card.js" with { type: "text" };
import fileNames from "./talk/file_names.js" with { type: "text" };
import files from "./talk/files.js" with { type: "text" };
import frames from "./talk/frames.js" with { type: "text" };
import icon from "./talk/icon.svg" with { type: "text" };
import html from "./talk/index.html" with { type: "text" };
import link from "./talk/link.js" with { type: "text" };
import log from "./talk/log.js" with { type: "text" };
import pace from "./talk/pace.js" with { type: "text" };
import panel from "./talk/panel.js" with { type: "text" };
import receiving from "./talk/receiving.js" with { type: "text" };
import sending from "./talk/sending.js" with { type: "text" };
import shrink from "./talk/shrink.js" with { type: "text" };
import sliceHash from "./talk/slice_hash.js" with { type: "text" };
import slices from "./talk/slices.js" with { type: "text" };
import css from "./talk/talk.css" with { type: "text" };
import talk from "./talk/talk.js" with { type: "text" };

/** The scripts of the page, which all lie beside it, and those of the client, which it shares. */
const SCRIPTS: Record<string, string> = {
  backoff,
  card,
  "file_names": fileNames,
  files,
  frames,
  // In the checkout the client has a folder of its own; this is the only import from there.
  link: link.replace('"../../../client/', '"./'),
  log,
  "offline_queue": offlineQueue,
  pace,
  panel,
  receiving,
  reconnecting,
  "reconnecting_events": reconnectingEvents,
  sending,
  shrink,
  "slice_hash": sliceHash,
  slices,
  talk,
};

/** Every file of the page: its path on the server, its text, its type. Nothing else is served. */
const FILES: readonly (readonly [path: string, text: string, type: string])[] = [
  ["/", html, "text/html; charset=utf-8"],
  ["/talk.css", css, "text/css; charset=utf-8"],
  ["/icon.svg", icon, "image/svg+xml"],
  ...Object.entries(SCRIPTS).map(([name, text]) =>
    [`/${name}.js`, text, "text/javascript; charset=utf-8"] as const
  ),
];

/**
 * Sent with every answer. The page loads from its own origin alone; `blob:` is for the images that
 * came over the socket. 'self' in connect-src covers the WebSocket of the same host and port,
 * as Content Security Policy Level 3 has it; browsers of Level 2 do not know that. Trusted types make
 * the browser refuse any text that would become HTML.
 */
const HEADERS: Record<string, string> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",
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
};

const NOT_FOUND = `<!DOCTYPE html>
<html lang="en">
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Not found</title>
  <link rel="stylesheet" href="/talk.css">
  <main><div class="empty"><p>There is nothing here.</p><p><a href="/">Go to the talk page</a></p></div></main>
</html>
`;

/** The same with what is sent with each. */
const ANSWERS: ReadonlyMap<string, { body: string; headers: Record<string, string> }> = new Map(
  FILES.map(([path, body, type]) => {
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
    // no-cache: kept by the browser, but asked for each time, so that a new version shows at once.
    const headers = { ...HEADERS, "content-type": type, "cache-control": "no-cache", etag };
    return [path, { body, headers }];
  }),
);

/**
 * Serves the files of the talk page, which are part of this module.
 *
 * @param request A GET or HEAD request.
 * @returns 200, 304 when the browser has the file already, or 404.
 */
export function talkFiles(request: Request): Response {
  const file = ANSWERS.get(new URL(request.url).pathname);
  if (file === undefined) {
    const headers = { ...HEADERS, "content-type": "text/html; charset=utf-8" };
    return new Response(NOT_FOUND, { status: 404, headers });
  }
  if (request.headers.get("if-none-match") === file.headers.etag) {
    return new Response(null, { status: 304, headers: file.headers });
  }
  return new Response(file.body, { headers: file.headers });
}
