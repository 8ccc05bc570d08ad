/**
 * What the ops port answers, as schemas: the description of the API is made of them. That they say
 * the same as the types of operations.ts is checked where this file is tested.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { FRAME_NAMES, Opcode } from "../../protocol/mod.ts";
import { LIMIT_NAMES, type Limits, WHEN_FULL } from "../limits.ts";
import { UNREADY_REASONS } from "./readiness.ts";

/** A count, a number of bytes, a time in milliseconds. */
const count = z.number().nonnegative();

/** Milliseconds since the epoch. */
const instant = z.number().openapi({ description: "Milliseconds since 1970, UTC" });

const missingWorkers = z.array(z.int()).readonly().optional()
  .openapi({
    description:
      "Workers that have not answered, and whose part is left out: ask for the same page " +
      "again to miss nothing. Absent if all have",
  });

const counts = z.record(z.string(), count);

/** One thing that is wrong with a request. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  errors: z.array(z.object({ where: z.string(), message: z.string() })).readonly().optional(),
}).openapi("Problem", { description: "Problem details (RFC 9457)" });

/** What `/healthz` says. */
export const healthSchema = z.object({ status: z.literal("alive") });

/** What `/readyz` says. */
export const readinessSchema = z.object({
  ready: z.boolean(),
  reasons: z.array(z.enum(UNREADY_REASONS)).readonly(),
  workers: z.object({ desired: count, serving: count, restarts: count }).optional().openapi({
    description: "How many are to serve, and do; absent without workers",
  }),
}).openapi("Readiness");

const kernelFields = {
  inode: count,
  state: z.enum([
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECV",
    "FIN_WAIT1",
    "FIN_WAIT2",
    "TIME_WAIT",
    "CLOSE",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "CLOSING",
    "NEW_SYN_RECV",
  ]),
  receiveQueue: count,
  sendQueue: count,
};

/** A connection in a list. */
export const connectionSchema = z.object({
  id: count,
  key: z.string().openapi({ example: "127.0.0.1:51324-127.0.0.1:8080" }),
  state: z.enum(["open", "closing"]),
  target: z.string(),
  client: z.object({ address: z.string(), port: z.int().optional() }).optional(),
  subprotocol: z.string().optional(),
  connectedAt: instant,
  lastActivity: instant,
  bytesIn: count,
  bytesOut: count,
  messagesIn: count,
  messagesOut: count,
  messagesDropped: count,
  queuedBytes: count,
  deflateBytes: count.optional(),
  roundTrip: count.optional(),
  worker: z.int().optional(),
  bytesPerSecond: count.optional(),
}).openapi("Connection");

/** A page of connections. */
export const connectionsSchema = z.object({
  connections: z.array(connectionSchema).readonly(),
  matched: count,
  total: count,
  missing: missingWorkers,
  next: z.string().nullable().openapi({ description: "The cursor of the next page" }),
}).openapi("Connections");

/** One connection with its socket. */
export const descriptionSchema = connectionSchema.omit({ bytesPerSecond: true }).extend({
  kernel: z.object({ descriptor: z.int().optional(), ...kernelFields }).optional(),
}).openapi("ConnectionDescription");

/** What became of an order to close. */
export const closeOutcomeSchema = z.object({
  closed: count,
  examples: z.array(z.string()).readonly(),
  missing: missingWorkers,
}).openapi("CloseOutcome");

/** What came of a ping. */
export const pingOutcomeSchema = z.union([
  z.object({ roundTrip: count }),
  z.object({ failure: z.enum(["unanswered", "not_sent"]) }),
]).openapi("PingOutcome");

/** What a tap tells: a line of JSON, or the data of an event. */
export const tapEventSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("frame"),
    at: instant,
    direction: z.enum(["in", "out"]),
    opcode: z.literal(Object.values(Opcode)),
    name: z.enum(FRAME_NAMES),
    fin: z.boolean(),
    masked: z.boolean(),
    length: count,
    closeCode: z.int().optional(),
    compressed: z.literal(true).optional(),
    hex: z.string().optional(),
    text: z.string().optional(),
    inflatedHex: z.string().optional(),
  }),
  z.object({ type: z.literal("dropped"), at: instant, frames: count }),
  z.object({
    type: z.literal("end"),
    at: instant,
    code: z.int(),
    reason: z.string(),
    rule: z.string().optional(),
  }),
]).openapi("TapEvent");

/** A page of descriptors. */
export const descriptorsSchema = z.object({
  at: instant.optional().openapi({
    description:
      "When the kernel's tables were read, in milliseconds since 1970, UTC: just now for a page " +
      "without after. Absent where they cannot be read",
  }),
  rows: z.array(z.object({
    descriptor: z.int(),
    worker: z.int().optional(),
    target: z.string(),
    key: z.string().optional(),
    kernel: z.object(kernelFields).optional(),
    id: count.optional(),
    flag: z.enum(["not_in_registry", "not_in_kernel"]).optional(),
  })).readonly(),
  open: count,
  connections: count,
  flagged: count,
  missing: missingWorkers,
  next: z.string().nullable().openapi({ description: "What to give as after for the next page" }),
}).openapi("Descriptors");

const capacitySchema = z.object({
  name: z.string(),
  connections: count,
  value: count,
  used: count.optional(),
  unit: z.string(),
  reason: z.string(),
  raise: z.array(z.string()).readonly(),
}).openapi("CapacityLimit");

/** What a server holds. */
export const reportSchema = z.object({
  connections: count,
  exchanges: count,
  maxConnections: count.optional(),
  sourceAddresses: count,
  serverPorts: count,
  fourTuples: count,
  queuedBytes: count,
  descriptors: z.object({
    open: count.optional(),
    soft: count.optional(),
    hard: count.optional(),
  }).optional(),
  memory: z.object({
    resident: count,
    heapUsed: count,
    heapTotal: count,
    external: z.number(),
    perConnection: count.optional(),
  }),
  hostTcp: z.object({ sockets: count, bytes: count.optional() }).optional(),
  nextLimit: capacitySchema.optional(),
}).openapi("Report");

const totalsSchema = z.object({
  accepted: count,
  opened: count,
  closed: count,
  requests: count,
  refused: counts,
  spoofed: count,
  forwardedMalformed: count,
  bytesIn: count,
  bytesOut: count,
  messagesIn: count,
  messagesOut: count,
  messagesDropped: count,
}).openapi("Totals");

const frames = z.record(z.enum(FRAME_NAMES), z.object({ frames: count, bytes: count }));

const distribution = z.object({
  bounds: z.array(count).readonly(),
  counts: z.array(count).readonly(),
  sum: count,
}).openapi("Distribution");

const measuredSchema = z.object({
  framesIn: frames,
  framesOut: frames,
  textIn: count,
  textOut: count,
  closes: z.object({ us: counts, peer: counts }),
  handshakes: distribution,
  roundTrips: distribution,
  slowClosed: count,
  unfinishedLate: count,
  unfinishedFull: count,
  peersLost: count,
  loopDelay: z.object({ mean: count, max: count }),
}).openapi("Measured");

const phase = z.enum(["starting", "serving", "draining", "stopped"]);

const held = { report: reportSchema, totals: totalsSchema, measured: measuredSchema };

/** What all processes hold together: workers cannot tell how many source addresses they all have. */
const summedReportSchema = reportSchema.extend({ sourceAddresses: count.optional() });

/** What a server holds and has counted. */
export const snapshotSchema = z.object({
  at: instant,
  phase,
  sum: z.object({ ...held, report: summedReportSchema }),
  processes: z.array(
    z.object({ worker: z.int().optional(), pid: z.int(), since: instant, ...held }),
  ).readonly(),
  missing: missingWorkers,
  supervisor: z.object({
    pid: z.int(),
    resident: count,
    relayDropped: count,
    desired: count,
    serving: count,
    restarts: count,
  }).optional(),
}).openapi("Snapshot");

const descriptorLimits = z.object({ soft: count.optional(), hard: count.optional() }).optional();

/** What the host allows. */
export const hostSchema = z.object({
  limits: z.object({
    descriptors: descriptorLimits,
    parentDescriptors: descriptorLimits,
    nrOpen: count.optional(),
    fileMax: count.optional(),
    filesOpen: count.optional(),
    ephemeralPorts: z.object({ first: z.int(), last: z.int() }).optional(),
    somaxconn: count.optional(),
    tcpMigrateReq: count.optional(),
    tcpMemory: z.object({ low: count, pressure: count, high: count }).optional(),
    pageSize: count.optional(),
    conntrackMax: count.optional(),
    conntrackCount: count.optional(),
    memoryTotal: count.optional(),
    memoryAvailable: count.optional(),
    tcpSockets: z.object({ inUse: count, allocated: count, memoryPages: count }).optional(),
  }),
  capacity: z.array(capacitySchema).readonly(),
  report: summedReportSchema,
}).openapi("Host");

/** How far a drain is. */
export const drainSchema = z.object({
  phase,
  began: instant.optional(),
  deadline: instant.optional(),
  connections: count.optional(),
  left: count,
  result: z.object({ closed: count, cut: count }).optional(),
}).openapi("DrainProgress");

/** The level from which on lines are logged. */
export const logLevelSchema = z.strictObject({
  level: z.enum(["debug", "info", "warning", "error"]),
}).openapi("LogLevel");

/** The limits that hold. Their names come from where they are defined, so that none is forgotten. */
export const limitsSchema: z.ZodType<Limits> = z.object(
  Object.fromEntries([...LIMIT_NAMES].map((name) => [name, limitSchema(name)])),
).openapi("Limits") as unknown as z.ZodType<Limits>;

function limitSchema(name: string): z.ZodType {
  if (name === "whenFull") return z.enum(WHEN_FULL);
  // These two are off, or without bound, where nobody sets them.
  return name === "connections" || name === "connectionsPerAddress" ? z.int().optional() : z.int();
}
