const ALLOW = { allow: "GET, HEAD, OPTIONS" };

/**
 * Answers for an app that has only pages: other methods than GET and HEAD get 405, and OPTIONS 204,
 * as the health checks of HAProxy want it.
 *
 * @param pages Answers GET and HEAD.
 * @returns The `fetch` hook of the app.
 */
export function readOnly(pages: (request: Request) => Response): (request: Request) => Response {
  return (request) => {
    if (request.method === "GET" || request.method === "HEAD") return pages(request);
    if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: ALLOW });
    return new Response("Only GET and HEAD are served\n", {
      status: 405,
      headers: { ...ALLOW, "content-type": "text/plain; charset=utf-8" },
    });
  };
}
