/**
 * The types of what an operator asks of a running server, and of the figures of its host: what
 * `server.operations`, `server.report()` and the registry of a cluster give.
 *
 * @example
 * ```ts
 * import { serve } from "@fourtuple/fourtuple";
 * import type { Snapshot } from "@fourtuple/fourtuple/ops";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = serve({ port: 0 });
 * const { sum }: Snapshot = await server.operations.snapshot();
 * assertEquals(sum.report.connections, 0);
 * ```
 *
 * @module
 */
export type { FrameName } from "../protocol/opcode.ts";
export type {
  ClusterRecord,
  ClusterReport,
  WorkerInfo,
  WorkerReport,
} from "./cluster/cluster_report.ts";
export type { ConnectionSort } from "./connection/connection_record.ts";
export type { CapacityLimit } from "./host/capacity.ts";
export type { HostLimits } from "./host/host.ts";
export type { DescriptorLimits, TcpSockets } from "./host/proc_text.ts";
export type { ConnectionCounts, HostDescription, Report, SummedReport } from "./host/report.ts";
export type { KernelSocket, SocketRow, TcpState } from "./host/socket_table.ts";
export type { Distribution, FrameCount, LoopDelay, Measured } from "./metrics/measurements.ts";
export type {
  CloseOrder,
  CloseOutcome,
  ConnectionCursor,
  ConnectionFilter,
  ConnectionPage,
  ConnectionQuery,
  DescriptorPage,
  DescriptorQuery,
  DescriptorRow,
  DrainProgress,
  OperatedConnection,
  OperatedDescription,
  Operations,
  Phase,
  PingOutcome,
  ProcessSnapshot,
  Reconfiguration,
  Snapshot,
  TapEvent,
  TapOptions,
  TappedFrame,
} from "./operations/operations.ts";
