import type { KernelMemory, PerConnection, ProcessFigures } from "./result.ts";

/** Below this many connections a figure for each of them says nothing. */
const MIN_CONNECTIONS = 100;

/** With fewer connections, code that is compiled at its first use is much of what a process grows by. */
export const FEW_CONNECTIONS = 10_000;

/** What the processes of both sides take, at one moment. */
export interface SideFigures {
  /** The server's processes; absent where they are not known. */
  readonly server?: ProcessFigures;
  /** The client processes. */
  readonly clients: ProcessFigures;
}

/**
 * Computes what one connection takes.
 *
 * @param connections How many were opened between the two moments.
 * @param before Before the first.
 * @param now With all of them open.
 * @param kernel What the kernel says now.
 * @returns What can be said; nothing below 100 connections.
 */
export function perConnection(
  connections: number,
  before: SideFigures,
  now: SideFigures,
  kernel: KernelMemory,
): PerConnection {
  if (connections < MIN_CONNECTIONS) return {};
  const each = (from: number | undefined, to: number | undefined) =>
    from === undefined || to === undefined
      ? undefined
      : Math.max(0, Math.round((to - from) / connections));
  const server = each(before.server?.resident, now.server?.resident);
  const serverHeap = each(before.server?.heapUsed, now.server?.heapUsed);
  const client = each(before.clients.resident, now.clients.resident);
  const end = kernel.objects &&
    Object.values(kernel.objects).reduce((total, bytes) => total + bytes, 0);
  return {
    ...server !== undefined && { server },
    ...serverHeap !== undefined && { serverHeap },
    ...client !== undefined && { client },
    ...end !== undefined && { kernel: end },
    ...server !== undefined && end !== undefined && { serverWithKernel: server + end },
  };
}
