import { DESCRIPTOR_RESERVE } from "../capacity.ts";
import type { Phase, ProcessSnapshot, Snapshot } from "../operations.ts";

/** Why a server should be sent no new connections. */
export type UnreadyReason = Exclude<Phase, "serving"> | "out_of_descriptors";

/**
 * Tells why a server should be sent no new connections.
 *
 * @param snapshot What it holds.
 * @returns The reasons; none when it is ready.
 */
export function unreadyReasons({ phase, processes }: Snapshot): UnreadyReason[] {
  const reasons: UnreadyReason[] = phase === "serving" ? [] : [phase];
  // The kernel goes on giving such a worker its share of the connections.
  if (processes.some(isOutOfDescriptors)) reasons.push("out_of_descriptors");
  return reasons;
}

/** Whether all that is left is the reserve, so that new connections get 503 at best. */
function isOutOfDescriptors({ report: { descriptors } }: ProcessSnapshot): boolean {
  const { open, soft } = descriptors ?? {};
  return open !== undefined && soft !== undefined && soft - open <= DESCRIPTOR_RESERVE;
}
