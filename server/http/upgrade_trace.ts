/**
 * A span of OpenTelemetry for each opening handshake, where the process traces: with
 * `OTEL_DENO=true` Deno does so by itself, but sees no handshake on a raw socket.
 *
 * The provider of tracing, Deno or an SDK, registers under one global symbol, as OpenTelemetry's
 * JavaScript API prescribes. So this needs no package, and where nobody traces it costs one look.
 *
 * @module
 */

import type { HeadFields, RequestHead } from "../../protocol/mod.ts";
import type { FourTuple } from "../net/four_tuple.ts";

/** The symbol under which providers register, for version 1 of the API. */
const REGISTRY = Symbol.for("opentelemetry.js.api.1");

/** The key under which a context keeps its span. */
const SPAN = Symbol.for("OpenTelemetry Context Key SPAN");

/** The kind of a span that answers somebody else's request. */
const KIND_SERVER = 1;

/** The status of a span whose request failed through a fault of ours. */
const STATUS_ERROR = 2;

/** The part of the API that is used here. */
interface Provided {
  readonly trace?: { getTracer(name: string): Tracer };
  readonly context?: { active(): Context; with<T>(context: Context, run: () => T): T };
  readonly propagation?: {
    extract(context: Context, headers: HeadFields, getter: typeof GETTER): Context;
  };
}

interface Tracer {
  startSpan(name: string, options: { kind: number; attributes: Attributes }, of: Context): Span;
}

interface Context {
  setValue(key: symbol, value: unknown): Context;
}

interface Span {
  setAttributes(attributes: Attributes): unknown;
  setStatus(status: { code: number }): unknown;
  end(): void;
}

type Attributes = Record<string, string | number>;

/** Lets a propagator read the `traceparent` that the peer may have sent. */
const GETTER = {
  get: (fields: HeadFields, name: string): string | undefined => fields.get(name),
  keys: (fields: HeadFields): string[] => [...fields].map(([name]) => name),
};

/** The span of one opening handshake. */
export class UpgradeTrace {
  readonly #span: Span;
  readonly #run: <T>(run: () => T) => T;
  #ended = false;

  private constructor(span: Span, run: <T>(run: () => T) => T) {
    this.#span = span;
    this.#run = run;
  }

  /**
   * Begins a span: a part of the peer's own trace, if it has told one.
   *
   * @param head The handshake's request. Its query goes into no span: tokens are sent there.
   * @param tuple The two ends of the connection.
   * @returns The span's handle, or `undefined` where nobody traces.
   */
  static begin(head: RequestHead, tuple: FourTuple): UpgradeTrace | undefined {
    const provided = (globalThis as { [REGISTRY]?: Provided })[REGISTRY];
    if (provided?.trace === undefined || provided.context === undefined) return undefined;
    const { trace, context, propagation } = provided;
    const active = context.active();
    const parent = propagation?.extract(active, head.headers, GETTER) ?? active;
    const span = trace.getTracer("fourtuple").startSpan("websocket upgrade", {
      kind: KIND_SERVER,
      attributes: {
        "http.request.method": head.method,
        "url.path": head.path.split("?", 1)[0]!,
        "client.address": tuple.sourceAddress,
        "client.port": tuple.sourcePort,
        "server.address": tuple.destinationAddress,
        "server.port": tuple.destinationPort,
      },
    }, parent);
    const own = parent.setValue(SPAN, span);
    return new UpgradeTrace(span, (run) => context.with(own, run));
  }

  /** Runs the application's hook, so that the spans it makes are parts of this one. */
  run<T>(hook: () => T): T {
    return this.#run(hook);
  }

  /**
   * Ends the span; again it changes nothing.
   *
   * @param status The answer's HTTP status; absent when the exchange was cut without one.
   * @param reason Why it was refused, as in the totals; absent when it was not.
   */
  end(status?: number, reason?: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#span.setAttributes({
      ...status !== undefined && { "http.response.status_code": status },
      ...reason !== undefined && { "error.type": reason },
    });
    if (status === undefined || status >= 500) this.#span.setStatus({ code: STATUS_ERROR });
    this.#span.end();
  }
}
