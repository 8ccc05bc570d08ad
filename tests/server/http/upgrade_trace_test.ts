import { assert, assertEquals } from "@std/assert";
import { UpgradeTrace } from "../../../server/http/upgrade_trace.ts";
import { Process, ROOT } from "../../helpers/process.ts";
import { TRACED_HEAD, TRACED_TUPLE } from "../../helpers/upgrade_trace_program.ts";

const REGISTRY = Symbol.for("opentelemetry.js.api.1");
const SPAN = Symbol.for("OpenTelemetry Context Key SPAN");
const PROGRAM = new URL("tests/helpers/upgrade_trace_program.ts", ROOT).pathname;

/** A provider of tracing that writes down what it is told. */
class FakeProvider {
  readonly told: unknown[] = [];
  active: unknown = undefined;
  readonly #root = contextWith("root");

  readonly trace = {
    getTracer: (name: string) => ({
      startSpan: (...of: unknown[]) => {
        this.told.push(["start", name, ...of]);
        return {
          setAttributes: (attributes: unknown) => this.told.push(["attributes", attributes]),
          setStatus: (status: unknown) => this.told.push(["status", status]),
          end: () => this.told.push(["end"]),
        };
      },
    }),
  };

  readonly context = {
    active: () => this.#root,
    with: <T>(context: { span?: unknown }, run: () => T): T => {
      this.active = context.span;
      try {
        return run();
      } finally {
        this.active = undefined;
      }
    },
  };
}

interface FakeContext {
  name: string;
  span?: unknown;
  setValue(key: symbol, value: unknown): FakeContext;
}

function contextWith(name: string, span?: unknown): FakeContext {
  const setValue = (key: symbol, value: unknown) => {
    assertEquals(key, SPAN);
    return contextWith(name, value);
  };
  return { name, span, setValue };
}

/** Runs with somebody who provides tracing. */
function withProvider(provider: object, run: () => void): void {
  const global = globalThis as { [REGISTRY]?: object };
  const before = global[REGISTRY];
  global[REGISTRY] = provider;
  try {
    run();
  } finally {
    if (before === undefined) delete global[REGISTRY];
    else global[REGISTRY] = before;
  }
}

const ATTRIBUTES = {
  "http.request.method": "GET",
  "url.path": "/chat",
  "client.address": "192.0.2.7",
  "client.port": 51_324,
  "server.address": "192.0.2.1",
  "server.port": 8_080,
};

Deno.test("UpgradeTrace.begin() gives nothing where nobody traces", () => {
  assertEquals(UpgradeTrace.begin(TRACED_HEAD, TRACED_TUPLE), undefined);
  const { trace, context } = new FakeProvider();
  for (const partial of [{}, { trace }, { context }]) {
    withProvider(partial, () => {
      assertEquals(UpgradeTrace.begin(TRACED_HEAD, TRACED_TUPLE), undefined);
    });
  }
});

Deno.test("UpgradeTrace makes a span of a handshake, without the query", () => {
  const provider = new FakeProvider();
  withProvider(provider, () => {
    UpgradeTrace.begin(TRACED_HEAD, TRACED_TUPLE)!.end(101);
  });
  const [[start, tracer, name, options, context], ...rest] = provider.told as [unknown[]];
  assertEquals([start, tracer, name], ["start", "fourtuple", "websocket upgrade"]);
  assertEquals(options, { kind: 1, attributes: ATTRIBUTES });
  assertEquals((context as FakeContext).name, "root");
  assertEquals(rest, [["attributes", { "http.response.status_code": 101 }], ["end"]]);
});

Deno.test("UpgradeTrace has the propagator read the peer's headers", () => {
  const provider = new FakeProvider();
  const read: unknown[] = [];
  const propagation = {
    extract: (
      active: FakeContext,
      headers: unknown,
      getter: { get(of: unknown, name: string): unknown; keys(of: unknown): unknown },
    ) => {
      read.push(active.name, getter.keys(headers));
      read.push(getter.get(headers, "traceparent"), getter.get(headers, "baggage"));
      return contextWith("peer's");
    },
  };
  const { trace, context } = provider;
  withProvider({ trace, context, propagation }, () => {
    UpgradeTrace.begin(TRACED_HEAD, TRACED_TUPLE);
  });
  const traceparent = TRACED_HEAD.headers.get("traceparent");
  assertEquals(read, ["root", ["traceparent"], traceparent, undefined]);
  const [[, , , , parent]] = provider.told as [unknown[]];
  assertEquals((parent as FakeContext).name, "peer's");
});

Deno.test("UpgradeTrace.run() runs the hook within the span, and gives what comes of it", () => {
  const provider = new FakeProvider();
  withProvider(provider, () => {
    const trace = UpgradeTrace.begin(TRACED_HEAD, TRACED_TUPLE)!;
    assertEquals(trace.run(() => provider.active !== undefined), true);
  });
});

Deno.test("UpgradeTrace.end() tells why a handshake was refused, and what was our fault", () => {
  const endOf = (...end: Parameters<UpgradeTrace["end"]>): unknown[] => {
    const provider = new FakeProvider();
    withProvider(provider, () => {
      const trace = UpgradeTrace.begin(TRACED_HEAD, TRACED_TUPLE)!;
      trace.end(...end);
      trace.end(101); // too late
    });
    return provider.told.slice(1);
  };
  assertEquals(endOf(403, "ORIGIN_REFUSED"), [
    ["attributes", { "http.response.status_code": 403, "error.type": "ORIGIN_REFUSED" }],
    ["end"],
  ]);
  assertEquals(endOf(500), [
    ["attributes", { "http.response.status_code": 500 }],
    ["status", { code: 2 }],
    ["end"],
  ]);
  assertEquals(endOf(undefined, "HANDSHAKE_TIMEOUT"), [
    ["attributes", { "error.type": "HANDSHAKE_TIMEOUT" }],
    ["status", { code: 2 }],
    ["end"],
  ]);
});

/** What OTLP says of a span, as far as it is looked at here. */
interface SentSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly attributes: { readonly key: string; readonly value: Record<string, unknown> }[];
}

/** Runs the program beside a collector, and gives what it wrote and the spans it sent. */
async function traced(env: Record<string, string>): Promise<{ out: string; spans: SentSpan[] }> {
  const spans: SentSpan[] = [];
  await using collector = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      if (new URL(request.url).pathname !== "/v1/traces") return new Response("{}");
      const { resourceSpans } = await request.json();
      for (const { scopeSpans } of resourceSpans) {
        for (const scope of scopeSpans) spans.push(...scope.spans);
      }
      return Response.json({});
    },
  );
  const url = `http://127.0.0.1:${collector.addr.port}`;
  await using child = new Process(Deno.execPath(), ["run", "-A", PROGRAM, `${url}/hook`], {
    env: {
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_DENO_CONSOLE: "ignore",
      ...env,
    },
  });
  const { code, out, err } = await child.ended();
  assertEquals({ code, err }, { code: 0, err: "" });
  return { out, spans };
}

Deno.test("UpgradeTrace sends spans with OTEL_DENO, in the peer's trace and with the hook's within", async () => {
  const { out, spans } = await traced({ OTEL_DENO: "true" });
  assertEquals(out, "told\n");
  const upgrades = spans.filter(({ name }) => name === "websocket upgrade");
  assertEquals(upgrades.length, 2);
  for (const { traceId, parentSpanId } of upgrades) {
    assertEquals(traceId, "0af7651916cd43dd8448eb211c80319c");
    assertEquals(parentSpanId, "b7ad6b7169203331");
  }
  const keys = upgrades.map(({ attributes }) => attributes.map(({ key }) => key));
  assertEquals(keys[0], [...Object.keys(ATTRIBUTES), "http.response.status_code"]);
  assertEquals(keys[1], [...keys[0]!, "error.type"]);
  const fetched = spans.find(({ parentSpanId }) => parentSpanId === upgrades[0]!.spanId);
  assert(fetched !== undefined && !JSON.stringify(spans).includes("hidden"));
});

Deno.test("UpgradeTrace sends nothing without OTEL_DENO", async () => {
  assertEquals(await traced({ OTEL_DENO: "false" }), { out: "told\n", spans: [] });
});
