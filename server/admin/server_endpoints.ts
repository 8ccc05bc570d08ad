import type { LogEntry } from "../log.ts";
import type { Operations } from "../operations/operations.ts";
import {
  descriptorsSchema,
  drainSchema,
  hostSchema,
  limitsSchema,
  logLevelSchema,
  snapshotSchema,
} from "./answer_schemas.ts";
import { ask } from "./ask.ts";
import { type ApiEndpoint, endpoint } from "./endpoint.ts";
import { descriptorsQuery, drainBody, limitsBody, writeDescriptorCursor } from "./input_schemas.ts";
import type { Snapshots } from "./snapshots.ts";

/** From which level on lines are logged. */
export type LogLevel = LogEntry["level"];

/** The log's level, which can be read and set. */
export interface LogLevelControl {
  /** The level that holds. */
  get(): LogLevel;
  /** Sets it, in all workers. */
  set(level: LogLevel): void | Promise<void>;
}

/**
 * What can be asked about the server as a whole, and done to it.
 *
 * @param operations Is asked.
 * @param snapshots Takes snapshots.
 * @param logLevel The log's level.
 */
export function serverEndpoints(
  operations: Operations,
  snapshots: Snapshots,
  logLevel: LogLevelControl,
): ApiEndpoint[] {
  return [
    endpoint({
      method: "get",
      path: "/api/v1/snapshot",
      summary: "Tells what the server holds and has counted",
      answers: { "application/json": snapshotSchema },
      run: () => ask(snapshots.take()),
    }),
    endpoint({
      method: "get",
      path: "/api/v1/host",
      summary: "Tells what the host allows, and what runs out first",
      answers: { "application/json": hostSchema },
      run: () => ask(operations.host()),
    }),
    endpoint({
      method: "get",
      path: "/api/v1/fds",
      summary: "Lists descriptors as the kernel has them, joined with the registry",
      query: descriptorsQuery,
      answers: { "application/json": descriptorsSchema },
      async run({ query }) {
        const { next, ...page } = await ask(operations.descriptors(query));
        return { ...page, next: next === undefined ? null : writeDescriptorCursor(next) };
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/limits",
      summary: "Tells the limits that hold",
      answers: { "application/json": limitsSchema },
      run: () => ask(operations.limits()),
    }),
    endpoint({
      method: "patch",
      path: "/api/v1/limits",
      summary: "Changes limits; null brings back what held at the start",
      action: "limits.set",
      body: limitsBody,
      answers: { "application/json": limitsSchema },
      run: ({ body }) => ask(operations.reconfigure({ limits: body })),
    }),
    endpoint({
      method: "get",
      path: "/api/v1/log-level",
      summary: "Tells from which level on lines are logged",
      answers: { "application/json": logLevelSchema },
      run: () => Promise.resolve({ level: logLevel.get() }),
    }),
    endpoint({
      method: "put",
      path: "/api/v1/log-level",
      summary: "Sets the level from which on lines are logged",
      action: "log-level.set",
      body: logLevelSchema,
      answers: { "application/json": logLevelSchema },
      async run({ body: { level } }) {
        await ask(Promise.resolve(logLevel.set(level)));
        return { level: logLevel.get() };
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/drain",
      summary: "Tells how far a drain is",
      answers: { "application/json": drainSchema },
      run: () => ask(operations.drainProgress()),
    }),
    endpoint({
      method: "post",
      path: "/api/v1/drain",
      summary: "Begins to drain: new connections are refused, those there are told to leave",
      action: "drain",
      body: drainBody,
      answers: { "application/json": drainSchema },
      run({ body, begun }) {
        const progress = operations.drain(body);
        begun({ phase: "draining" });
        return ask(progress);
      },
    }),
  ];
}
