import { parseAccept } from "hono/utils/accept";
import type { Operations } from "../operations/operations.ts";
import {
  closeOutcomeSchema,
  connectionsSchema,
  descriptionSchema,
  pingOutcomeSchema,
  tapEventSchema,
} from "./answer_schemas.ts";
import { ask } from "./ask.ts";
import { type ApiEndpoint, endpoint } from "./endpoint.ts";
import {
  closeBody,
  closeOneBody,
  connectionsQuery,
  keyParams,
  pingBody,
  tapQuery,
  writeConnectionCursor,
} from "./input_schemas.ts";
import { Problem } from "./problem.ts";
import type { TapFormat, TapStreams } from "./tap_streams.ts";

/** How many bytes of each payload a tap shows where it is not said, once payload is asked for. */
const TAP_BYTES = 64;

/**
 * What can be asked about connections, and done to them.
 *
 * @param operations Is asked.
 * @param taps Hold the taps that are read.
 */
export function connectionEndpoints(operations: Operations, taps: TapStreams): ApiEndpoint[] {
  return [
    endpoint({
      method: "get",
      path: "/api/v1/connections",
      summary: "Lists connections, a page at a time",
      query: connectionsQuery,
      answers: { "application/json": connectionsSchema },
      async run({ query: { cursor, ...query } }) {
        const { next, ...page } = await ask(
          operations.query({ ...query, ...cursor && { after: cursor.place } }),
        );
        return { ...page, next: next === undefined ? null : writeConnectionCursor(next, query) };
      },
    }),
    endpoint({
      method: "post",
      path: "/api/v1/connections/close",
      summary: "Closes all connections that match",
      // Nobody must take one for the other.
      action: (_, body) =>
        body?.dryRun === true ? "connections.close.dry-run" : "connections.close",
      body: closeBody,
      answers: { "application/json": closeOutcomeSchema },
      run: ({ body: { match, all: _, ...order } }) =>
        // Not bounded in time: what was begun goes on, and whoever ordered it has to be told how it went.
        operations.close(match ?? {}, order),
    }),
    endpoint({
      method: "get",
      path: "/api/v1/connections/{key}",
      summary: "Tells what is known of a connection, by the server and by the kernel",
      params: keyParams,
      answers: { "application/json": descriptionSchema },
      run: async ({ params: { key } }) => found(await ask(operations.describe(key))),
    }),
    endpoint({
      method: "post",
      path: "/api/v1/connections/{key}/close",
      summary: "Closes a connection",
      action: "connections.close",
      params: keyParams,
      body: closeOneBody,
      answers: { "application/json": closeOutcomeSchema },
      async run({ params: { key }, body }) {
        const outcome = await operations.close({ key }, body);
        // One that is closing already is there, and needs no order; a worker that is stuck may have it.
        if (outcome.closed === 0 && outcome.missing === undefined) {
          found(await ask(operations.describe(key)));
        }
        return outcome;
      },
    }),
    endpoint({
      method: "post",
      path: "/api/v1/connections/{key}/ping",
      summary: "Pings a connection and tells the round trip",
      action: "connections.ping",
      params: keyParams,
      body: pingBody,
      answers: { "application/json": pingOutcomeSchema },
      run: async ({ params: { key } }) => found(await ask(operations.ping(key))),
    }),
    endpoint({
      method: "get",
      path: "/api/v1/connections/{key}/tap",
      summary: "Shows the frames of a connection from now on, in both directions",
      action: (request) => wantsPayload(request) ? "tap.payload" : undefined,
      params: keyParams,
      query: tapQuery,
      answers: { "application/jsonl": tapEventSchema, "text/event-stream": tapEventSchema },
      async run({ params: { key }, query: { payload = false, bytes = TAP_BYTES }, request }) {
        const format = tapFormat(request.headers.get("accept"));
        if (request.method === "HEAD") {
          found(await ask(operations.describe(key)));
          return new Response(null, { headers: { "content-type": format } });
        }
        const tap = operations.tap(key, payload ? { payloadBytes: bytes } : {});
        try {
          return taps.response(found(await ask(tap)), format);
        } catch (error) {
          // It may still come, or is one too many: nobody will read it.
          tap.then((events) => events?.cancel(), () => {});
          throw error;
        }
      },
    }),
  ];
}

function found<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Problem(404, "There is no such connection");
  return value;
}

/** Known before the query is read, so that what is refused is written down too. */
function wantsPayload({ method, url }: Request): boolean {
  return method === "GET" && new URL(url).searchParams.getAll("payload").includes("true");
}

/** JSON lines, unless events are preferred by name. */
function tapFormat(accept: string | null): TapFormat {
  const quality = (type: string) =>
    parseAccept(accept ?? "").find((one) => one.type === type)?.q ?? 0;
  return quality("text/event-stream") > quality("application/jsonl")
    ? "text/event-stream"
    : "application/jsonl";
}
