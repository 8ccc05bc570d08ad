import { DESCRIPTOR_RESERVE } from "../host/capacity.ts";
import type { ProcessSnapshot, Snapshot } from "../operations/operations.ts";

/**
 * Why a server should be sent no new connections: its phase; `out_of_descriptors` when all that is
 * left is the reserve; `no_answer` when it has workers, and none of them answers.
 */
export const UNREADY_REASONS = [
  "starting",
  "draining",
  "stopped",
  "out_of_descriptors",
  "no_answer",
] as const;

/** One of {@linkcode UNREADY_REASONS}. */
export type UnreadyReason = typeof UNREADY_REASONS[number];

/**
 * Tells why a server should be sent no new connections.
 *
 * @param snapshot What it holds.
 * @returns The reasons; none when it is ready.
 */
export function unreadyReasons({ phase, processes }: Snapshot): UnreadyReason[] {
  const reasons: UnreadyReason[] = phase === "serving" ? [] : [phase];
  if (phase === "serving" && processes.length === 0) reasons.push("no_answer");
  // The kernel goes on giving such a worker its share of the connections.
  if (processes.some(isOutOfDescriptors)) reasons.push("out_of_descriptors");
  return reasons;
}

/** Whether all that is left is the reserve, so that new connections get 503 at best. */
function isOutOfDescriptors({ report: { descriptors } }: ProcessSnapshot): boolean {
  const { open, soft } = descriptors ?? {};
  return open !== undefined && soft !== undefined && soft - open <= DESCRIPTOR_RESERVE;
}
