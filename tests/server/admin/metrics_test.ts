import { assert, assertEquals } from "@std/assert";
import { METRICS } from "../../../server/admin/metric_table.ts";
import { METRICS_TYPE, metricsText } from "../../../server/admin/metrics.ts";
import {
  FAKE_REPORT,
  FAKE_TOTALS,
  fakeClusterSnapshot,
  fakeProcess,
  fakeSnapshot,
} from "../../helpers/fake_snapshot.ts";

Deno.test("METRICS_TYPE is that of Prometheus' text format", () => {
  assertEquals(METRICS_TYPE, "text/plain; version=0.0.4; charset=utf-8");
});

Deno.test("metricsText() writes help, type and values of every metric, and a line feed at the end", async () => {
  const text = await metricsText(fakeClusterSnapshot(), "1.2.3");
  assert(text.startsWith(
    "# HELP fourtuple_info The version of the server, as a label.\n" +
      "# TYPE fourtuple_info gauge\n" +
      'fourtuple_info{version="1.2.3"} 1\n',
  ));
  for (const { name, type, help } of METRICS) {
    assert(text.includes(`\n# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name}`), name);
  }
  assert(text.includes('\nfourtuple_messages_total{direction="in",type="binary"} 400\n'));
  assert(text.includes('\nfourtuple_round_trip_seconds_bucket{le="+Inf"} 1\n'));
  assert(text.includes('\nfourtuple_worker_connections{worker="2"} 200\n'));
  assert(text.endsWith("\n") && !text.endsWith("\n\n"));
});

Deno.test("metricsText() leaves out a metric without values, its help too", async () => {
  const { hostTcp: _, ...report } = FAKE_REPORT;
  const text = await metricsText(fakeSnapshot({ sum: fakeProcess({ report }) }), "1.2.3");
  assert(!text.includes("fourtuple_host_tcp"));
});

Deno.test("metricsText() escapes what stands in a label", async () => {
  const totals = { ...FAKE_TOTALS, refused: { 'a"b\\c\nd': 1 } };
  const text = await metricsText(fakeSnapshot({ sum: fakeProcess({ totals }) }), "1.2.3");
  assert(text.includes('\nfourtuple_refused_total{reason="a\\"b\\\\c\\nd"} 1\n'));
});

Deno.test("metricsText() keeps nothing from one scrape to the next", async () => {
  await metricsText(fakeClusterSnapshot(), "1.2.3");
  const [first, second] = [
    await metricsText(fakeSnapshot(), "1.2.4"),
    await metricsText(fakeSnapshot(), "1.2.4"),
  ];
  assertEquals(first, second);
  assert(!first.includes("1.2.3") && !first.includes('worker="2"'));
});
