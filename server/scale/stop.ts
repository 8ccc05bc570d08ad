import type { HostLimits } from "../host/host.ts";
import { MORE_PORTS } from "./plan.ts";
import type { ScalePlan, ScaleStop } from "./result.ts";

/** Why a run stops; how many connections were open then is counted in the end. */
export type StopCause = Omit<ScaleStop, "connections">;

/** Less than this much memory left, in bytes or as a share of all, and the host itself suffers. */
const MIN_MEMORY = 256 * 2 ** 20;
const MIN_MEMORY_SHARE = 0.03;

/**
 * Says which limit was met when connections could not be opened.
 *
 * @param failures What came of tries, and how often.
 * @param lost What ended connections that were open before.
 * @param plan The plan.
 * @returns The cause, by the failure that came most often.
 */
export function stopOf(
  failures: Readonly<Record<string, number>>,
  lost: Readonly<Record<string, number>>,
  plan: ScalePlan,
): StopCause {
  const [fault, times] = mostFrequent(failures) ?? mostFrequent(lost) ?? ["?", 0];
  const raiseOf = (name: string, side?: "server" | "client"): readonly string[] =>
    plan.limits.find((limit) => limit.name === name && limit.side === side)?.raise ?? [];
  const stop = (limit: string, message: string, raise: readonly string[] = []): StopCause => ({
    limit,
    message: `${message} (${fault}, ${times.toLocaleString("en-US")} times)`,
    raise,
  });
  switch (fault) {
    case "EMFILE":
      return stop(
        "descriptors",
        "A client process has no descriptor left",
        raiseOf("descriptors", "client"),
      );
    case "ENFILE":
      return stop("fs.file-max", "The host can open no further file", raiseOf("fs.file-max"));
    case "EADDRINUSE":
    case "EADDRNOTAVAIL":
      return stop("source ports", "The clients have no source port left", MORE_PORTS);
    case "ENOMEM":
    case "ENOBUFS":
      return stop("memory", "The kernel has no memory for further sockets", raiseOf("memory"));
    case "HTTP 503":
      return plan.workers === 0 ? stop("server", "The server answers that it is full") : stop(
        "descriptors",
        "The server's processes have no descriptor left",
        raiseOf("descriptors", "server"),
      );
    default:
      return stop("server", "The server takes no further connection");
  }
}

/**
 * Says whether the host has too little memory to go on.
 *
 * @param limits The limits as read now.
 * @param plan The plan.
 * @returns The cause, or `undefined` while there is enough, or nobody knows.
 */
export function memoryStop(
  { memoryAvailable, memoryTotal = 0 }: HostLimits,
  plan: ScalePlan,
): StopCause | undefined {
  const least = Math.min(MIN_MEMORY, memoryTotal * MIN_MEMORY_SHARE);
  if (memoryAvailable === undefined || memoryAvailable >= least) return undefined;
  return {
    limit: "memory",
    message: `Only ${Math.floor(memoryAvailable / 2 ** 20)} MiB of memory are left on this host`,
    raise: plan.limits.find(({ name }) => name === "memory")?.raise ?? [],
  };
}

/**
 * Says why a run was told to end.
 *
 * @param reason The reason of the signal.
 */
export function abortStop(reason: unknown): StopCause {
  return reason instanceof DOMException && reason.name === "TimeoutError"
    ? { limit: "time", message: "Its time was over", raise: [] }
    : { limit: "interrupted", message: "It was interrupted", raise: [] };
}

function mostFrequent(counts: Readonly<Record<string, number>>): [string, number] | undefined {
  return Object.entries(counts).sort(([, a], [, b]) => b - a)[0];
}
