import { createHash } from "node:crypto";

/** Every file of the page: its path on the server, its name, its type. Nothing else is served. */
const FILES: readonly (readonly [path: string, name: string, type: string])[] = [
  ["/", "index.html", "text/html; charset=utf-8"],
  ["/talk.css", "talk.css", "text/css; charset=utf-8"],
  ["/icon.svg", "icon.svg", "image/svg+xml"],
  ...["talk", "frames", "link", "log", "pace", "panel", "reconnect", "shrink"].map((name) =>
    [`/${name}.js`, `${name}.js`, "text/javascript; charset=utf-8"] as const
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

/**
 * Reads the files of the talk page from beside this module; `deno compile --include` takes them
 * along.
 *
 * @returns A handler for GET and HEAD: 200, 304 when the browser has the file already, or 404.
 */
export function talkFiles(): (request: Request) => Response {
  const files = new Map(FILES.map(([path, name, type]) => {
    const body = Deno.readFileSync(new URL(`./talk/${name}`, import.meta.url));
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
    // no-cache: kept by the browser, but asked for each time, so that a new version shows at once.
    const headers = { ...HEADERS, "content-type": type, "cache-control": "no-cache", etag };
    return [path, { body, headers }] as const;
  }));
  return (request) => {
    const file = files.get(new URL(request.url).pathname);
    if (file === undefined) {
      const headers = { ...HEADERS, "content-type": "text/html; charset=utf-8" };
      return new Response(NOT_FOUND, { status: 404, headers });
    }
    if (request.headers.get("if-none-match") === file.headers.etag) {
      return new Response(null, { status: 304, headers: file.headers });
    }
    return new Response(file.body, { headers: file.headers });
  };
}
