import { z } from "@hono/zod-openapi";
import { healthSchema, readinessSchema } from "./answer_schemas.ts";
import { ask } from "./ask.ts";
import { type ApiEndpoint, endpoint } from "./endpoint.ts";
import type { LivePages } from "./live_pages.ts";
import { METRICS_TYPE, metricsText } from "./metrics.ts";
import { unreadyReasons } from "./readiness.ts";
import type { Snapshots } from "./snapshots.ts";

/**
 * What machines ask again and again: whether the server is alive and ready, its metrics, and the
 * snapshots that the dashboard watches.
 *
 * @param snapshots Takes snapshots.
 * @param pages The pages that watch.
 * @param version The server's version.
 */
export function probeEndpoints(
  snapshots: Snapshots,
  pages: LivePages,
  version: string,
): ApiEndpoint[] {
  return [
    endpoint({
      method: "get",
      path: "/healthz",
      summary: "Answers as long as the process does",
      access: "by-any-name",
      answers: { "application/json": healthSchema },
      run: () => Promise.resolve({ status: "alive" }),
    }),
    endpoint({
      method: "get",
      path: "/readyz",
      summary: "Tells whether new connections should come here; 503 when they should not",
      access: "by-any-name",
      answers: { "application/json": readinessSchema },
      async run() {
        const snapshot = await ask(snapshots.take());
        const reasons = unreadyReasons(snapshot);
        const ready = reasons.length === 0;
        const status = ready ? 200 : 503;
        if (snapshot.supervisor === undefined) return Response.json({ ready, reasons }, { status });
        const { desired, serving, restarts } = snapshot.supervisor;
        return Response.json({ ready, reasons, workers: { desired, serving, restarts } }, {
          status,
        });
      },
    }),
    endpoint({
      method: "get",
      path: "/metrics",
      summary: "Metrics in the text format of Prometheus",
      answers: { "text/plain": z.string() },
      async run() {
        const text = await metricsText(await ask(snapshots.take()), version);
        return new Response(text, { headers: { "content-type": METRICS_TYPE } });
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/live",
      summary:
        "A WebSocket that gets a snapshot each second, with the subprotocol fourtuple.live; " +
        "a page offers the token as the subprotocol token.<base64url of it> besides",
      answers: {},
      run: ({ request }) => Promise.resolve(pages.accept(request)),
    }),
  ];
}
