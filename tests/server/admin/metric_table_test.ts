import { assert, assertEquals } from "@std/assert";
import type { Sample } from "../../../server/admin/metric.ts";
import { METRICS } from "../../../server/admin/metric_table.ts";
import type { Report } from "../../../server/host/report.ts";
import type { Snapshot } from "../../../server/operations/operations.ts";
import {
  FAKE_REPORT,
  FAKE_TOTALS,
  fakeClusterSnapshot,
  fakeMeasured,
  fakeProcess,
  fakeSnapshot,
} from "../../helpers/fake_snapshot.ts";

/** What a metric reads, each value behind its labels. */
function read(name: string, snapshot: Snapshot = fakeSnapshot()): Record<string, number> {
  const samples = METRICS.find((it) => it.name === name)!.read(snapshot);
  const shown = ({ labels = {}, metricName = "" }: Sample): string => {
    const texts = Object.entries(labels).map(([label, text]) => `${label}=${text}`);
    return [metricName.replace(name, ""), ...texts].join(" ").trim();
  };
  return Object.fromEntries(samples.map((it) => [shown(it), it.value]));
}

Deno.test("METRICS have names by the conventions, each once", () => {
  const names = METRICS.map(({ name }) => name);
  assertEquals(names.filter((name, at) => names.indexOf(name) !== at), []);
  for (const { name, type, help } of METRICS) {
    assert(/^fourtuple_[a-z]+(_[a-z]+)*$/.test(name), name);
    assertEquals(name.endsWith("_total"), type === "counter", name);
    assert(/^[A-Z].*\.$/.test(help), `${name}: ${help}`);
    if (type === "histogram") assert(name.endsWith("_seconds"), name);
    if (/memory|heap/.test(name)) assert(name.endsWith("_bytes"), name);
  }
});

Deno.test("METRICS count nothing twice: labels of a sum split it, and workers have their own names", () => {
  for (const { name, read } of METRICS) {
    const samples = read(fakeClusterSnapshot());
    const byWorker = samples.filter(({ labels }) => labels?.worker !== undefined);
    assertEquals(byWorker.length, name.startsWith("fourtuple_worker_") ? samples.length : 0, name);
  }
  const sumOf = (name: string) => Object.values(read(name)).reduce((sum, it) => sum + it, 0);
  assertEquals(sumOf("fourtuple_messages_total"), 3_000);
  assertEquals(sumOf("fourtuple_network_bytes_total"), 120_000);
  assertEquals(sumOf("fourtuple_phase"), 1);
});

Deno.test("METRICS have as many samples for 100,000 connections as for 200", () => {
  const count = (snapshot: Snapshot) => METRICS.flatMap(({ read }) => read(snapshot)).length;
  const report = { ...FAKE_REPORT, connections: 100_000, fourTuples: 100_000 };
  const process = fakeProcess({ report, totals: { ...FAKE_TOTALS, opened: 1_000_000 } });
  assertEquals(
    count(fakeSnapshot({ sum: process, processes: [process] })),
    count(fakeSnapshot()),
  );
});

Deno.test("METRICS tell the phase, readiness and how many workers serve", () => {
  const draining = fakeSnapshot({ phase: "draining" });
  assertEquals(read("fourtuple_phase", draining), {
    "phase=starting": 0,
    "phase=serving": 0,
    "phase=draining": 1,
    "phase=stopped": 0,
  });
  assertEquals(read("fourtuple_ready"), { "": 1 });
  assertEquals(read("fourtuple_ready", draining), { "": 0 });
  assertEquals(read("fourtuple_workers"), { "": 1 });
  assertEquals(read("fourtuple_workers_desired"), { "": 1 });
  assertEquals(read("fourtuple_workers_restarted_total"), {});
  assertEquals(read("fourtuple_workers", fakeClusterSnapshot()), { "": 2 });
  assertEquals(read("fourtuple_workers_desired", fakeClusterSnapshot()), { "": 3 });
  assertEquals(read("fourtuple_workers_restarted_total", fakeClusterSnapshot()), { "": 5 });
});

Deno.test("METRICS tell what came of connections, and why they were refused and ended", () => {
  assertEquals(read("fourtuple_connections"), { "": 200 });
  assertEquals(read("fourtuple_exchanges"), { "": 3 });
  assertEquals(read("fourtuple_connections_limit"), { "": 19_900 });
  assertEquals(read("fourtuple_accepted_total"), { "": 340 });
  assertEquals(read("fourtuple_connections_total"), {
    "outcome=opened": 300,
    "outcome=request": 20,
    "outcome=refused": 11,
  });
  assertEquals(read("fourtuple_refused_total"), {
    "reason=CONNECTIONS_LIMIT": 2,
    "reason=ADDRESS_LIMIT": 0,
    "reason=HANDSHAKES_LIMIT": 0,
    "reason=ORIGIN_REFUSED": 9,
  });
  assertEquals(read("fourtuple_spoofed_requests_total"), { "": 8 });
  assertEquals(read("fourtuple_forwarded_malformed_total"), { "": 7 });
  assertEquals(read("fourtuple_closes_total"), { "by=us code=1001": 1, "by=peer code=none": 1 });
  assertEquals(read("fourtuple_peers_lost_total"), { "": 6 });
});

Deno.test("METRICS bound how many refusal reasons and close codes there are", () => {
  const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`n${at}`, 1]));
  const snapshot = fakeSnapshot({
    sum: fakeProcess({
      totals: { ...FAKE_TOTALS, refused: many },
      measured: { ...fakeMeasured(), closes: { us: many, peer: many } },
    }),
  });
  assertEquals(Object.keys(read("fourtuple_refused_total", snapshot)).length, 65);
  assertEquals(Object.keys(read("fourtuple_closes_total", snapshot)).length, 2 * 65);
});

Deno.test("METRICS tell the traffic by direction", () => {
  assertEquals(read("fourtuple_network_bytes_total"), {
    "direction=in": 50_000,
    "direction=out": 70_000,
  });
  assertEquals(read("fourtuple_messages_total"), {
    "direction=in type=text": 600,
    "direction=in type=binary": 400,
    "direction=out type=text": 500,
    "direction=out type=binary": 1_500,
  });
  const frames = read("fourtuple_frames_total");
  assertEquals(Object.keys(frames).length, 12);
  assertEquals(frames["direction=in opcode=text"], 1);
  assertEquals(frames["direction=out opcode=binary"], 5);
  const payload = read("fourtuple_frame_payload_bytes_total");
  assertEquals(payload["direction=in opcode=text"], 600);
  assertEquals(payload["direction=out opcode=binary"], 900);
});

Deno.test("METRICS tell how long handshakes and round trips took", () => {
  const handshakes = read("fourtuple_handshake_duration_seconds");
  assertEquals(handshakes["_bucket le=0.0005"], 1);
  assertEquals(handshakes["_bucket le=0.0025"], 1);
  assertEquals(handshakes["_bucket le=0.005"], 2);
  assertEquals(handshakes["_bucket le=10"], 2);
  assertEquals(handshakes["_bucket le=+Inf"], 3);
  assertEquals(handshakes["_count"], 3);
  assertEquals(handshakes["_sum"], 20.0034);
  assertEquals(read("fourtuple_round_trip_seconds")["_sum"], 0.04);
});

Deno.test("METRICS tell of slow consumers and of what the relay dropped", () => {
  assertEquals(read("fourtuple_send_queue_bytes"), { "": 4_096 });
  assertEquals(read("fourtuple_slow_consumer_actions_total"), {
    "action=close": 3,
    "action=drop": 4,
  });
  assertEquals(read("fourtuple_relay_dropped_total"), {});
  assertEquals(read("fourtuple_relay_dropped_total", fakeClusterSnapshot()), { "": 11 });
});

Deno.test("METRICS tell what the server costs and what the host allows", () => {
  const expected: [string, number][] = [
    ["descriptors_open", 250],
    ["descriptors_limit", 20_000],
    ["resident_memory_bytes", 90_000_000],
    ["heap_used_bytes", 20_000_000],
    ["heap_size_bytes", 30_000_000],
    ["external_memory_bytes", 5_000_000],
    ["connection_memory_bytes", 9_100],
    ["host_tcp_sockets", 260],
    ["host_tcp_memory_bytes", 1_048_576],
    ["event_loop_delay_mean_seconds", 0.001],
    ["event_loop_delay_max_seconds", 0.012],
  ];
  for (const [name, value] of expected) {
    assertEquals(read(`fourtuple_${name}`), { "": value }, name);
  }
  const supervisor = "fourtuple_supervisor_resident_memory_bytes";
  assertEquals(read(supervisor), {});
  assertEquals(read(supervisor, fakeClusterSnapshot()), { "": 60_000_000 });
});

Deno.test("METRICS tell of each worker by itself", () => {
  const expected: [string, number][] = [
    ["start_time_seconds", 1_760_000_000],
    ["connections", 200],
    ["descriptors_open", 250],
    ["descriptors_limit", 20_000],
    ["resident_memory_bytes", 90_000_000],
    ["heap_used_bytes", 20_000_000],
    ["event_loop_delay_mean_seconds", 0.001],
    ["event_loop_delay_max_seconds", 0.012],
  ];
  for (const [name, value] of expected) {
    const found = read(`fourtuple_worker_${name}`, fakeClusterSnapshot());
    assertEquals(found, { "worker=1": value, "worker=2": value }, name);
  }
  assertEquals(read("fourtuple_worker_capacity_connections"), {
    "worker=0 limit=descriptors": 19_900,
  });
  assertEquals(read("fourtuple_worker_messages_total"), {
    "worker=0 direction=in": 1_000,
    "worker=0 direction=out": 2_000,
  });
  assertEquals(read("fourtuple_worker_network_bytes_total"), {
    "worker=0 direction=in": 50_000,
    "worker=0 direction=out": 70_000,
  });
});

Deno.test("METRICS leave out what could not be read", () => {
  const { connections, exchanges, sourceAddresses, serverPorts, fourTuples, queuedBytes } =
    FAKE_REPORT;
  const { resident, heapUsed, heapTotal, external } = FAKE_REPORT.memory;
  const report: Report = {
    connections,
    exchanges,
    sourceAddresses,
    serverPorts,
    fourTuples,
    queuedBytes,
    memory: { resident, heapUsed, heapTotal, external },
  };
  const process = fakeProcess({ report });
  const snapshot = fakeSnapshot({ sum: process, processes: [process] });
  const absent = METRICS.filter(({ read }) => read(snapshot).length === 0).map(({ name }) => name);
  assertEquals(absent, [
    "fourtuple_workers_restarted_total",
    "fourtuple_connections_limit",
    "fourtuple_relay_dropped_total",
    "fourtuple_descriptors_open",
    "fourtuple_descriptors_limit",
    "fourtuple_connection_memory_bytes",
    "fourtuple_supervisor_resident_memory_bytes",
    "fourtuple_host_tcp_sockets",
    "fourtuple_host_tcp_memory_bytes",
    "fourtuple_worker_capacity_connections",
    "fourtuple_worker_descriptors_open",
    "fourtuple_worker_descriptors_limit",
  ]);
});
