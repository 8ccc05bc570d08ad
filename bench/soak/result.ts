import type { ScaleHost } from "../../server/scale/result.ts";
import type { Trend } from "./trend.ts";

/** What a soak is to do. */
export interface SoakOptions {
  /** How long the load lasts, in minutes. */
  readonly minutes: number;
  /** Connections that are held. */
  readonly connections: number;
  /** Connections that are closed and opened again in a second. */
  readonly churn: number;
  /** Messages that are echoed in a second. */
  readonly messages: number;
}

/** How a client can leave: by a Close frame, by RST, or by FIN without a Close frame. */
export type Leaving = "close" | "reset" | "fin";

/** What the clients have done so far. */
export interface SoakCounts {
  /** Connections that are open. */
  readonly open: number;
  /** Connections that were opened, the first ones included. */
  readonly opened: number;
  /** Connections that the clients ended on purpose, by how. */
  readonly left: Readonly<Record<Leaving, number>>;
  /** Messages that were sent to be echoed. */
  readonly sent: number;
  /** Echoes that came, whole and right. */
  readonly echoed: number;
  /** Messages whose client left before the echo came. */
  readonly abandoned: number;
  /** Bytes of the echoes. */
  readonly bytes: number;
  /** How often a client stopped reading for a while. */
  readonly slow: number;
  /** What should not have happened, by what it was. */
  readonly faults: Readonly<Record<string, number>>;
}

/** What the server's process tells of itself; sizes are in bytes. */
export interface ServerState {
  /** Connections that the server holds. */
  readonly connections: number;
  /** Resident memory. */
  readonly resident: number;
  /** JavaScript objects. */
  readonly heapUsed: number;
  /** What the heap has reserved. */
  readonly heapTotal: number;
  /** Buffers outside the heap. */
  readonly external: number;
  /** Open file descriptors; absent where they cannot be counted. */
  readonly descriptors?: number;
  /** The longest that a timer came late since the state before, in milliseconds. */
  readonly lag: number;
}

/** The state of the server at one time of the soak. */
export interface SoakSample extends ServerState {
  /** Seconds since the load began. */
  readonly at: number;
  /** Of processor time, in cores, since the sample before; absent where it cannot be read. */
  readonly cores?: number;
  /** Growth of the resident memory since before the first connection, for each connection. */
  readonly residentEach: number;
  /** The same of the heap. */
  readonly heapEach: number;
}

/** All of a soak. It is JSON as it stands. */
export interface SoakResult {
  /** The command line. */
  readonly command: string;
  /** When it began, in ISO 8601. */
  readonly date: string;
  readonly host: ScaleHost;
  readonly options: SoakOptions;
  /** What kept it below what was asked, and other things to know, each a sentence. */
  readonly notes: readonly string[];
  /** How long the load lasted. */
  readonly seconds: number;
  /** Whether it was ended before its time. */
  readonly interrupted: boolean;
  /** The server before the first connection. */
  readonly before: ServerState;
  /** The server under load, at growing times. */
  readonly samples: readonly SoakSample[];
  /** The server after the last connection; absent where it had gone. */
  readonly after?: ServerState;
  readonly counts: SoakCounts;
  /**
   * What the server had to tell an operator, by how often. All of it is a fault but `close_timeout`:
   * on a busy host a client may take longer than that to end its side.
   */
  readonly events: Readonly<Record<string, number>>;
  /** How the resident memory of a connection developed; absent where there are too few samples. */
  readonly trend?: Trend;
  /** The same of the heap, by what was left of it after collections of garbage. */
  readonly heapTrend?: Trend;
  /** All that should not have happened, by what it was; empty after a good run. */
  readonly faults: Readonly<Record<string, number>>;
}
