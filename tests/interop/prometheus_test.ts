/**
 * The metrics in the hands of Prometheus itself, and what server/deploy/ gives to Prometheus and
 * Grafana.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { METRICS_TYPE, metricsText } from "../../server/admin/metrics.ts";
import { TOO_MANY, TOO_MANY_OF_ADDRESS } from "../../server/http/admission.ts";
import { until } from "../helpers/events.ts";
import {
  FAKE_TOTALS,
  fakeClusterSnapshot,
  fakeProcess,
  fakeSnapshot,
} from "../helpers/fake_snapshot.ts";
import { Process, ROOT } from "../helpers/process.ts";
import { findPrometheus, type Program } from "../helpers/programs.ts";

const ALERTS = new URL("server/deploy/prometheus/alerts.yml", ROOT);
const SCRAPE = new URL("server/deploy/prometheus/scrape.yml", ROOT);
const DASHBOARD = new URL("server/deploy/grafana/fourtuple.json", ROOT);

const prometheus = await findPrometheus("prometheus");
const promtool = await findPrometheus("promtool");

Deno.test("server/deploy: alerts and dashboard ask for metrics that there are", async () => {
  const known = await samplesOf(fakeClusterSnapshot());
  const expressions = (await dashboard()).panels.flatMap(({ targets = [] }) => targets);
  const asked = {
    alerts: namesIn(await Deno.readTextFile(ALERTS)),
    dashboard: namesIn(expressions.map(({ expr }) => expr).join("\n")),
  };
  for (const [where, names] of Object.entries(asked)) {
    assert(names.size > 5, where);
    assertEquals([...names].filter((name) => !known.has(name)), [], where);
  }
});

Deno.test("server/deploy: the alert for limits names the reasons of the code", async () => {
  const [, reasons = ""] = (await Deno.readTextFile(ALERTS)).match(/reason=~"([^"]+)"/)!;
  const { reason: tooMany } = TOO_MANY;
  const { reason: tooManyOfAddress } = TOO_MANY_OF_ADDRESS;
  assertEquals(reasons.split("|"), [tooMany, tooManyOfAddress, "HANDSHAKES_LIMIT"]);
});

Deno.test("server/deploy: the dashboard's panels have their own places and no fixed data source", async () => {
  const { panels, schemaVersion, templating } = await dashboard();
  assertEquals(schemaVersion, 39);
  assertEquals(templating.list.map(({ name }) => name), ["datasource", "job", "instance"]);
  assertEquals(new Set(panels.map(({ id }) => id)).size, panels.length);
  const places = new Set<string>();
  for (const { title, type, datasource, targets = [], gridPos: { x, y, w, h } } of panels) {
    for (let column = x; column < x + w; column++) {
      for (let line = y; line < y + h; line++) {
        assert(column < 24 && !places.has(`${column} ${line}`), title);
        places.add(`${column} ${line}`);
      }
    }
    if (type === "row") continue;
    assert(targets.length > 0, title);
    for (const source of [datasource, ...targets.map((it) => it.datasource)]) {
      assertEquals(source, { type: "prometheus", uid: "${datasource}" }, title);
    }
  }
});

testWith(promtool, "promtool finds nothing wrong with the metrics", async ({ command, args }) => {
  for (const snapshot of [fakeSnapshot(), fakeClusterSnapshot()]) {
    const child = new Deno.Command(command, {
      args: [...args, "check", "metrics"],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    await new Blob([await metricsText(snapshot, "1.2.3")]).stream().pipeTo(child.stdin);
    const { code, stdout, stderr } = await child.output();
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assertEquals({ code, out, err }, { code: 0, out: "", err: "" });
  }
});

testWith(promtool, "promtool finds nothing wrong with server/deploy/prometheus", async (it) => {
  await succeeds(it, "check", "rules", ALERTS.pathname);
  await succeeds(it, "check", "config", SCRAPE.pathname);
});

testWith(promtool, "promtool sees each alert fire when it should, and no other", async (it) => {
  const cases = new URL("tests/interop/prometheus/alerts.yml", ROOT);
  await succeeds(it, "test", "rules", cases.pathname);
  const names = (text: string, pattern: RegExp) =>
    new Set([...text.matchAll(pattern)].map(([, name]) => name));
  assertEquals(
    names(await Deno.readTextFile(cases), /alertname="(\w+)"/g),
    names(await Deno.readTextFile(ALERTS), /alert: (\w+)/g),
  );
});

testWith(
  prometheus,
  "Prometheus scrapes the metrics, computes with them, and takes the alerts",
  async (it) => {
    await using ops = serveMetrics();
    await using scraper = await Scraper.start(it, ops.address);
    const ask = (expression: string) => () => scraper.query(expression);

    assertEquals(await some(ask(`up{job="fourtuple"} == 1`)), [[{ instance: ops.address }, 1]]);
    assertEquals(await some(ask("fourtuple_connections")), [[{ instance: ops.address }, 200]]);
    const [[labels, info]] = await some(ask("fourtuple_info")) as [[Labels, number]];
    assertEquals([labels.version, info], ["1.2.3", 1]);
    const [[, share]] = await some(
      ask(
        "sum(fourtuple_worker_descriptors_open) / sum(fourtuple_worker_descriptors_limit)",
      ),
    ) as [[Labels, number]];
    assertEquals(share, 0.0125);

    const rate = 'rate(fourtuple_network_bytes_total{direction="in"}[1m])';
    const [[, bytesPerSecond]] = await some(ask(`${rate} > 0`)) as [[Labels, number]];
    assert(Number.isFinite(bytesPerSecond));
    const slowest = "histogram_quantile(1, sum by (le) (fourtuple_round_trip_seconds_bucket))";
    assertEquals(await some(ask(slowest)), [[{}, 0.05]]);

    const { groups: [group] } = await scraper.get<RuleGroups>("rules");
    const alerts = (await Deno.readTextFile(ALERTS)).match(/- alert: /g)!;
    assertEquals(group!.rules.length, alerts.length);
    assertEquals((await scraper.get<{ alerts: unknown[] }>("alerts")).alerts, []);
  },
);

// Helpers.

type Labels = Record<string, string>;

interface RuleGroups {
  readonly groups: { readonly rules: unknown[] }[];
}

interface Dashboard {
  readonly schemaVersion: number;
  readonly templating: { readonly list: { readonly name: string }[] };
  readonly panels: {
    readonly id: number;
    readonly title: string;
    readonly type: string;
    readonly datasource?: unknown;
    readonly gridPos: { readonly [side in "x" | "y" | "w" | "h"]: number };
    readonly targets?: { readonly expr: string; readonly datasource: unknown }[];
  }[];
}

async function dashboard(): Promise<Dashboard> {
  return JSON.parse(await Deno.readTextFile(DASHBOARD));
}

function namesIn(text: string): Set<string> {
  return new Set(text.match(/\bfourtuple_\w+/g));
}

/** The names that samples of a snapshot have in the text. */
async function samplesOf(snapshot: ReturnType<typeof fakeSnapshot>): Promise<Set<string>> {
  const text = await metricsText(snapshot, "1.2.3");
  return new Set([...text.matchAll(/^(fourtuple_\w+)/gm)].map(([, name]) => name!));
}

/** Registers a test that is ignored where its program is missing, with the reason in its name. */
function testWith(
  program: Program,
  name: string,
  run: (program: Exclude<Program, { missing: string }>) => Promise<void>,
): void {
  if ("missing" in program) Deno.test.ignore(`${name} (${program.missing})`, () => {});
  else Deno.test(name, () => run(program));
}

async function succeeds(
  { command, args }: Exclude<Program, { missing: string }>,
  ...more: string[]
): Promise<void> {
  await using child = new Process(command, [...args, ...more]);
  const { code, out, err } = await child.ended();
  assertEquals(code, 0, `${out}\n${err}`);
}

/** Asks until there is an answer: Prometheus knows a value only after its next scrape. */
async function some<T>(ask: () => Promise<T[]>): Promise<T[]> {
  let found: T[] = [];
  await until("Prometheus knows it", async () => (found = await ask()).length > 0);
  return found;
}

/** A server of metrics whose bytes grow from one scrape to the next. */
function serveMetrics(): AsyncDisposable & { address: string } {
  let bytesIn = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async () => {
    bytesIn += 1_000;
    const sum = fakeProcess({ totals: { ...FAKE_TOTALS, bytesIn } });
    const text = await metricsText(fakeSnapshot({ sum }), "1.2.3");
    return new Response(text, { headers: { "content-type": METRICS_TYPE } });
  });
  return {
    address: `127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A Prometheus that runs with our configuration, but for the address and how often it scrapes. */
class Scraper implements AsyncDisposable {
  readonly #directory: string;
  readonly #process: Process;
  #api = "";

  private constructor(directory: string, process: Process) {
    this.#directory = directory;
    this.#process = process;
  }

  static async start(
    { command, args }: Exclude<Program, { missing: string }>,
    target: string,
  ): Promise<Scraper> {
    const directory = await Deno.makeTempDir({ prefix: "fourtuple-prometheus-" });
    const config = `${directory}/prometheus.yml`;
    const text = await Deno.readTextFile(SCRAPE);
    await Deno.writeTextFile(
      config,
      "global:\n  evaluation_interval: 100ms\n" +
        text.replace("127.0.0.1:6455", target).replace("15s", "100ms"),
    );
    await Deno.copyFile(ALERTS, `${directory}/alerts.yml`);
    const process = new Process(command, [
      ...args,
      `--config.file=${config}`,
      `--storage.tsdb.path=${directory}/data`,
      "--web.listen-address=127.0.0.1:0",
    ]);
    const scraper = new Scraper(directory, process);
    try {
      const [, address] = (await process.errLine('msg="Listening on"')).match(/address=(\S+)/)!;
      await process.errLine("Server is ready");
      scraper.#api = `http://${address}/api/v1`;
      return scraper;
    } catch (error) {
      await scraper[Symbol.asyncDispose]();
      throw error;
    }
  }

  async get<T>(path: string, parameters: Labels = {}): Promise<T> {
    const response = await fetch(`${this.#api}/${path}?${new URLSearchParams(parameters)}`);
    const { status, data, error } = await response.json();
    assertEquals(status, "success", error);
    return data;
  }

  /** The values of an expression now, each with its labels but for the name and the job. */
  async query(expression: string): Promise<[Labels, number][]> {
    const { result } = await this.get<{ result: { metric: Labels; value: [number, string] }[] }>(
      "query",
      { query: expression },
    );
    return result.map(({ metric, value: [, value] }) => {
      const labels = Object.entries(metric).filter(([name]) => !["__name__", "job"].includes(name));
      return [Object.fromEntries(labels), Number(value)];
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    await Deno.remove(this.#directory, { recursive: true });
  }
}
