/**
 * Every metric of the ops port, with the place in a snapshot that it is read from.
 *
 * What is summed up over the workers is called `fourtuple_*`; what each has by itself is called
 * `fourtuple_worker_*`, so that `sum()` over one name counts nothing twice. No label is chosen by a
 * peer, and there is none for each connection.
 *
 * @module
 */

import { FRAME_NAMES } from "../../protocol/mod.ts";
import { TOO_MANY, TOO_MANY_OF_ADDRESS } from "../http/admission.ts";
import type { Measured } from "../metrics/measurements.ts";
import type { Phase } from "../operations/operations.ts";
import {
  bounded,
  byLabel,
  counter,
  gauge,
  histogram,
  type Metric,
  type Sample,
  workerCounter,
  workerGauge,
} from "./metric.ts";
import { unreadyReasons } from "./readiness.ts";

const PHASES: readonly Phase[] = ["starting", "serving", "draining", "stopped"];

/** Refusals that alerts are about: they are there before the first, or no rate would show it. */
const LIMIT_REASONS = [TOO_MANY.reason, TOO_MANY_OF_ADDRESS.reason, "HANDSHAKES_LIMIT"];

/** Every metric, in the order of the text. */
export const METRICS: readonly Metric[] = [
  // Whether it serves.
  gauge(
    "fourtuple_phase",
    "Whether the server is in a phase: 1 for the one that it is in.",
    ({ phase }) => PHASES.map((it) => ({ labels: { phase: it }, value: Number(it === phase) })),
  ),
  gauge(
    "fourtuple_ready",
    "Whether the server should be sent new connections, as /readyz says.",
    (snapshot) => Number(unreadyReasons(snapshot).length === 0),
  ),
  gauge(
    "fourtuple_workers",
    "Processes that serve: the workers, or 1 without workers.",
    ({ processes }) => processes.length,
  ),
  gauge(
    "fourtuple_workers_desired",
    "Processes that are to serve.",
    ({ supervisor }) => supervisor?.desired ?? 1,
  ),
  counter(
    "fourtuple_workers_restarted_total",
    "How often a worker was started after one had died, or had not started; failures included.",
    ({ supervisor }) => supervisor?.restarts,
  ),

  // Connections.
  gauge(
    "fourtuple_connections",
    "WebSocket connections, closing ones included.",
    ({ sum }) => sum.report.connections,
  ),
  gauge(
    "fourtuple_exchanges",
    "Handshakes and plain requests that are not over.",
    ({ sum }) => sum.report.exchanges,
  ),
  gauge(
    "fourtuple_connections_limit",
    "Connections and exchanges that the server allows.",
    ({ sum }) => sum.report.maxConnections,
  ),
  counter(
    "fourtuple_accepted_total",
    "TCP connections that were accepted.",
    ({ sum }) => sum.totals.accepted,
  ),
  counter(
    "fourtuple_connections_total",
    "What came of them: opened as a WebSocket, a plain request, or refused.",
    ({ sum: { totals } }) =>
      byLabel("outcome", {
        opened: totals.opened,
        request: totals.requests,
        refused: Object.values(totals.refused).reduce((sum, count) => sum + count, 0),
      }),
  ),
  counter(
    "fourtuple_refused_total",
    "Connections and requests that were refused.",
    ({ sum }) => byLabel("reason", bounded(sum.totals.refused, LIMIT_REASONS)),
  ),
  counter(
    "fourtuple_spoofed_requests_total",
    "Requests with a forwarded header from a peer that is no trusted proxy; it was ignored.",
    ({ sum }) => sum.totals.spoofed,
  ),
  counter(
    "fourtuple_forwarded_malformed_total",
    "Requests of trusted proxies whose forwarded header could not be read to its end.",
    ({ sum }) => sum.totals.forwardedMalformed,
  ),
  counter(
    "fourtuple_closes_total",
    "WebSocket connections that ended, by who ended them and the code that was said first.",
    ({ sum: { measured: { closes } } }) =>
      (["us", "peer"] as const).flatMap((by) => byLabel("code", bounded(closes[by]), { by })),
  ),
  counter(
    "fourtuple_peers_lost_total",
    "Peers that answered no pings or took no bytes, and were given up.",
    ({ sum }) => sum.measured.peersLost,
  ),

  // Traffic.
  counter(
    "fourtuple_network_bytes_total",
    "Bytes over all WebSocket connections since their handshakes.",
    ({ sum: { totals } }) => byLabel("direction", { in: totals.bytesIn, out: totals.bytesOut }),
  ),
  counter(
    "fourtuple_messages_total",
    "Messages from and for peers; those for peers when they were sent or queued.",
    ({ sum: { totals, measured } }) => [
      ...messages("in", totals.messagesIn, measured.textIn),
      ...messages("out", totals.messagesOut, measured.textOut),
    ],
  ),
  counter(
    "fourtuple_frames_total",
    "Frames from and for peers (RFC 6455 5.2).",
    ({ sum }) => frames(sum.measured, "frames"),
  ),
  counter(
    "fourtuple_frame_payload_bytes_total",
    "Bytes of the frames' payloads.",
    ({ sum }) => frames(sum.measured, "bytes"),
  ),
  histogram(
    "fourtuple_handshake_duration_seconds",
    "How long opening handshakes took that succeeded, from the accept on.",
    ({ sum }) => sum.measured.handshakes,
  ),
  histogram(
    "fourtuple_round_trip_seconds",
    "From a ping to its pong.",
    ({ sum }) => sum.measured.roundTrips,
  ),

  // Slow consumers.
  gauge(
    "fourtuple_send_queue_bytes",
    "Bytes that wait in send queues.",
    ({ sum }) => sum.report.queuedBytes,
  ),
  counter(
    "fourtuple_slow_consumer_actions_total",
    "What was done as a send queue was full: the connection closed, or the message dropped.",
    ({ sum: { totals, measured } }) =>
      byLabel("action", { close: measured.slowClosed, drop: totals.messagesDropped }),
  ),
  counter(
    "fourtuple_unfinished_messages_total",
    "Messages that were given up before they were whole, and their connections closed: too slow, or all held too much.",
    ({ sum: { measured } }) =>
      byLabel("reason", { late: measured.unfinishedLate, full: measured.unfinishedFull }),
  ),
  counter(
    "fourtuple_relay_dropped_total",
    "Messages between workers that were dropped on the way.",
    ({ supervisor }) => supervisor?.relayDropped,
  ),

  // What it costs, and what the host allows.
  gauge(
    "fourtuple_descriptors_open",
    "File descriptors that are open.",
    ({ sum }) => sum.report.descriptors?.open,
  ),
  gauge(
    "fourtuple_descriptors_limit",
    "File descriptors that may be open.",
    ({ sum }) => sum.report.descriptors?.soft,
  ),
  gauge(
    "fourtuple_resident_memory_bytes",
    "What the processes that serve take of the host's memory.",
    ({ sum }) => sum.report.memory.resident,
  ),
  gauge(
    "fourtuple_heap_used_bytes",
    "JavaScript objects.",
    ({ sum }) => sum.report.memory.heapUsed,
  ),
  gauge(
    "fourtuple_heap_size_bytes",
    "What the heaps have reserved.",
    ({ sum }) => sum.report.memory.heapTotal,
  ),
  gauge(
    "fourtuple_external_memory_bytes",
    "Buffers outside the heaps.",
    ({ sum }) => sum.report.memory.external,
  ),
  gauge(
    "fourtuple_connection_memory_bytes",
    "Growth of the resident memory since there was no connection, for each; absent below 100, and after many left.",
    ({ sum }) => sum.report.memory.perConnection,
  ),
  gauge(
    "fourtuple_supervisor_resident_memory_bytes",
    "What the process that starts the workers takes of the host's memory.",
    ({ supervisor }) => supervisor?.resident,
  ),
  gauge(
    "fourtuple_host_tcp_sockets",
    "TCP sockets of the whole host, other processes included.",
    ({ sum }) => sum.report.hostTcp?.sockets,
  ),
  gauge(
    "fourtuple_host_tcp_memory_bytes",
    "Bytes in the buffers of all TCP sockets of the host; they are in no process's figures.",
    ({ sum }) => sum.report.hostTcp?.bytes,
  ),
  gauge(
    "fourtuple_event_loop_delay_mean_seconds",
    "How late event loops come to their timers, the mean over the last seconds.",
    ({ sum }) => sum.measured.loopDelay.mean,
  ),
  gauge(
    "fourtuple_event_loop_delay_max_seconds",
    "How late event loops come to their timers, the longest in the last seconds.",
    ({ sum }) => sum.measured.loopDelay.max,
  ),

  // Each process by itself.
  workerGauge(
    "fourtuple_worker_start_time_seconds",
    "Since when the process has listened, in seconds since the epoch.",
    ({ since }) => since / 1000,
  ),
  workerGauge(
    "fourtuple_worker_connections",
    "WebSocket connections of the process, closing ones included.",
    ({ report }) => report.connections,
  ),
  workerGauge(
    "fourtuple_worker_capacity_connections",
    "Connections that the host allows to the process, by the limit that it would meet first.",
    ({ report: { nextLimit } }) =>
      nextLimit && byLabel("limit", { [nextLimit.name]: nextLimit.connections }),
  ),
  workerGauge(
    "fourtuple_worker_descriptors_open",
    "File descriptors that the process has open.",
    ({ report }) => report.descriptors?.open,
  ),
  workerGauge(
    "fourtuple_worker_descriptors_limit",
    "File descriptors that the process may have open.",
    ({ report }) => report.descriptors?.soft,
  ),
  workerGauge(
    "fourtuple_worker_resident_memory_bytes",
    "What the process takes of the host's memory.",
    ({ report }) => report.memory.resident,
  ),
  workerGauge(
    "fourtuple_worker_heap_used_bytes",
    "JavaScript objects of the process.",
    ({ report }) => report.memory.heapUsed,
  ),
  workerGauge(
    "fourtuple_worker_event_loop_delay_mean_seconds",
    "How late its event loop comes to its timers, the mean over the last seconds.",
    ({ measured }) => measured.loopDelay.mean,
  ),
  workerGauge(
    "fourtuple_worker_event_loop_delay_max_seconds",
    "How late its event loop comes to its timers, the longest in the last seconds.",
    ({ measured }) => measured.loopDelay.max,
  ),
  workerCounter(
    "fourtuple_worker_messages_total",
    "Messages from and for the peers of the process.",
    ({ totals }) => byLabel("direction", { in: totals.messagesIn, out: totals.messagesOut }),
  ),
  workerCounter(
    "fourtuple_worker_network_bytes_total",
    "Bytes over the WebSocket connections of the process.",
    ({ totals }) => byLabel("direction", { in: totals.bytesIn, out: totals.bytesOut }),
  ),
];

function messages(direction: "in" | "out", all: number, text: number): Sample[] {
  return byLabel("type", { text, binary: all - text }, { direction });
}

function frames({ framesIn, framesOut }: Measured, unit: "frames" | "bytes"): Sample[] {
  return FRAME_NAMES.flatMap((opcode) => [
    { labels: { direction: "in", opcode }, value: framesIn[opcode][unit] },
    { labels: { direction: "out", opcode }, value: framesOut[opcode][unit] },
  ]);
}
