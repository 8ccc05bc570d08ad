import { serializeResponseHead } from "../protocol/mod.ts";
import { DESCRIPTOR_RESERVE } from "./capacity.ts";
import { descriptorLimit, openDescriptors } from "./host.ts";

/** Why a connection is refused as soon as it is accepted, and the answer to it. */
export interface AdmissionRefusal {
  /** Why, as a stable code for the totals. */
  readonly reason: string;
  /** A whole response. */
  readonly response: Uint8Array;
}

/** There are as many connections as there may be. */
export const TOO_MANY: AdmissionRefusal = admissionRefusal(
  "CONNECTIONS_LIMIT",
  503,
  "Too many connections",
);

/** There are as many connections from one source as there may be. */
export const TOO_MANY_OF_ADDRESS: AdmissionRefusal = admissionRefusal(
  "ADDRESS_LIMIT",
  429,
  "Too many connections from this address",
);

function admissionRefusal(reason: string, status: number, text: string): AdmissionRefusal {
  const body = new TextEncoder().encode(`${text}\n`);
  const head = serializeResponseHead(status, [
    ["retry-after", "5"],
    ["content-type", "text/plain; charset=utf-8"],
    ["content-length", String(body.length)],
    ["connection", "close"],
  ]);
  return { reason, response: Uint8Array.of(...head, ...body) };
}

/** How many connections the descriptors allow: those that are left, less a reserve. */
export async function connectionsByDescriptors(): Promise<number> {
  const [limit, open] = [descriptorLimit(), await openDescriptors()];
  if (limit === undefined) return Infinity;
  return Math.max(1, limit - (open ?? 0) - DESCRIPTOR_RESERVE);
}
