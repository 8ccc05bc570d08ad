/**
 * What the ops port answers, as far as commands use it: another server at that port, or another
 * release of ours, must end in a clear problem. What is not named here passes as it is.
 *
 * @module
 */

import { z } from "zod";
import type {
  CloseOutcome,
  DescriptorPage,
  DrainProgress,
  HostDescription,
  OperatedConnection,
  OperatedDescription,
  Snapshot,
  TapEvent,
} from "../../operations/operations.ts";

/** A page of connections, as the ops port answers. */
export interface ConnectionsAnswer {
  /** The records. */
  readonly connections: readonly OperatedConnection[];
  /** How many connections the filter matches, on all pages. */
  readonly matched: number;
  /** How many connections there are. */
  readonly total: number;
  /** Workers that did not answer, so that theirs are not among all these. */
  readonly missing?: readonly number[] | undefined;
  /** The cursor of the next page; null on the last one. */
  readonly next: string | null;
}

/** A page of descriptors, as the ops port answers. */
export interface FdsAnswer extends Omit<DescriptorPage, "next"> {
  /** The cursor of the next page; null on the last one. */
  readonly next: string | null;
}

/** A problem, as RFC 9457 has it. */
export interface Problem {
  readonly title?: string | undefined;
  readonly detail?: string | undefined;
  readonly errors?: readonly { readonly where: string; readonly message: string }[] | undefined;
}

/** Checks an answer and gives it its type. */
export interface Answer<T> {
  /**
   * @param value What was parsed from JSON.
   * @returns The value, or where it is something else.
   */
  read(value: unknown): { readonly value: T } | { readonly problem: string };
}

/** A schema holds what the commands use of a type, so the type itself is a promise of the release. */
function answer<T>(schema: z.ZodType): Answer<T> {
  return {
    read(value) {
      const { success, error, data } = schema.safeParse(value);
      if (success) return { value: data as T };
      const [issue] = error.issues;
      const place = issue!.path.map(String).join(".");
      return { problem: `${place === "" ? "" : `${place}: `}${issue!.message}` };
    },
  };
}

const number = z.number();
const text = z.string();

const connection = z.looseObject({
  id: number,
  key: text,
  state: text,
  target: text,
  client: z.looseObject({ address: text, port: number.optional() }).optional(),
  subprotocol: text.optional(),
  connectedAt: number,
  lastActivity: number,
  bytesIn: number,
  bytesOut: number,
  messagesIn: number,
  messagesOut: number,
  messagesDropped: number,
  queuedBytes: number,
  roundTrip: number.optional(),
  worker: number.optional(),
  bytesPerSecond: number.optional(),
});

const kernel = z.looseObject({
  descriptor: number.optional(),
  inode: number,
  state: text,
  receiveQueue: number,
  sendQueue: number,
});

const capacityLimit = z.looseObject({
  name: text,
  connections: number,
  value: number,
  used: number.optional(),
  unit: text,
  reason: text,
  raise: z.array(text),
});

const report = z.looseObject({
  connections: number,
  exchanges: number,
  maxConnections: number.optional(),
  sourceAddresses: number.optional(),
  serverPorts: number,
  fourTuples: number,
  queuedBytes: number,
  descriptors: z.looseObject({
    open: number.optional(),
    soft: number.optional(),
    hard: number.optional(),
  }).optional(),
  memory: z.looseObject({
    resident: number,
    heapUsed: number,
    heapTotal: number,
    external: number,
    perConnection: number.optional(),
  }),
  hostTcp: z.looseObject({ sockets: number, bytes: number.optional() }).optional(),
  nextLimit: capacityLimit.optional(),
});

const totals = z.looseObject({
  accepted: number,
  opened: number,
  closed: number,
  requests: number,
  refused: z.record(z.string(), number),
  spoofed: number,
  forwardedMalformed: number,
  bytesIn: number,
  bytesOut: number,
  messagesIn: number,
  messagesOut: number,
  messagesDropped: number,
});

const measured = z.looseObject({
  slowClosed: number,
  unfinishedLate: number,
  unfinishedFull: number,
  peersLost: number,
  loopDelay: z.looseObject({ mean: number, max: number }),
});

const sums = { report, totals, measured };
const phase = z.enum(["starting", "serving", "draining", "stopped"]);

/** The answer to `snapshot`. */
export const SNAPSHOT: Answer<Snapshot> = answer(z.looseObject({
  at: number,
  phase,
  sum: z.looseObject(sums),
  processes: z.array(
    z.looseObject({ worker: number.optional(), pid: number, since: number, ...sums }),
  ),
  supervisor: z.looseObject({
    pid: number,
    resident: number,
    relayDropped: number,
    desired: number,
    serving: number,
    restarts: number,
  }).optional(),
}));

/** The answer to `host`. */
export const HOST: Answer<HostDescription> = answer(z.looseObject({
  limits: z.looseObject({}),
  capacity: z.array(capacityLimit),
  report,
}));

/** The answer to `connections`. */
export const CONNECTIONS: Answer<ConnectionsAnswer> = answer(z.looseObject({
  connections: z.array(connection),
  matched: number,
  total: number,
  missing: z.array(number).optional(),
  next: text.nullable(),
}));

/** The answer to `connections/{key}`. */
export const DESCRIPTION: Answer<OperatedDescription> = answer(
  connection.extend({ kernel: kernel.optional() }),
);

/** The answer to a request to close. */
export const CLOSED: Answer<CloseOutcome> = answer(
  z.looseObject({ closed: number, examples: z.array(text), missing: z.array(number).optional() }),
);

/** The answer to `fds`. */
export const FDS: Answer<FdsAnswer> = answer(z.looseObject({
  rows: z.array(z.looseObject({
    descriptor: number,
    worker: number.optional(),
    target: text,
    key: text.optional(),
    kernel: kernel.optional(),
    id: number.optional(),
    flag: text.optional(),
  })),
  open: number,
  connections: number,
  flagged: number,
  missing: z.array(number).optional(),
  next: text.nullable(),
}));

/** The answer to `drain`. */
export const DRAIN: Answer<DrainProgress> = answer(z.looseObject({
  phase,
  began: number.optional(),
  deadline: number.optional(),
  connections: number.optional(),
  left: number,
  result: z.looseObject({ closed: number, cut: number }).optional(),
}));

/** One line of a tap. */
export const TAP_EVENT: Answer<TapEvent> = answer(z.discriminatedUnion("type", [
  z.looseObject({
    type: z.literal("frame"),
    at: number,
    direction: z.enum(["in", "out"]),
    opcode: number,
    name: text,
    fin: z.boolean(),
    masked: z.boolean(),
    length: number,
    closeCode: number.optional(),
    compressed: z.literal(true).optional(),
    hex: text.optional(),
    text: text.optional(),
    inflatedHex: text.optional(),
  }),
  z.looseObject({ type: z.literal("dropped"), at: number, frames: number }),
  z.looseObject({
    type: z.literal("end"),
    at: number,
    code: number,
    reason: text,
    rule: text.optional(),
  }),
]));

/** A problem of the ops port. */
export const PROBLEM: Answer<Problem> = answer(z.looseObject({
  title: text.optional(),
  detail: text.optional(),
  errors: z.array(z.looseObject({ where: text, message: text })).optional(),
}));
