/**
 * Answers plain requests to an app that has no pages: `GET /` with 200, as the health checks of load
 * balancers want it, and everything else with 426.
 *
 * @param request The request.
 * @returns A line that says what this is.
 */
export function greeting(request: Request): Response {
  const text = "This is a WebSocket server: connect to it with ws: or wss:\n";
  const headers = { "content-type": "text/plain; charset=utf-8" };
  return new URL(request.url).pathname === "/"
    ? new Response(text, { headers })
    : new Response(text, { status: 426, headers: { ...headers, upgrade: "websocket" } });
}
