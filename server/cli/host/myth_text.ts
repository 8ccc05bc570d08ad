/**
 * What `fourtuple myth` says: before, meanwhile and in the end. Pure.
 *
 * @module
 */

import { connectionsPerSource } from "../../host/capacity.ts";
import { FEW_CONNECTIONS } from "../../scale/per_connection.ts";
import type {
  ProcessFigures,
  ScalePlan,
  ScaleProgress,
  ScaleResult,
  ScaleStep,
} from "../../scale/result.ts";
import { bytes, count, countOf } from "../terminal/figures.ts";

/** What a port number of 16 bits can name, the reserved 0 left out. */
export const PORT_NUMBERS = 65_535;

/** Cells of the bar. */
const BAR = 30;

/**
 * Says what will happen.
 *
 * @param plan The plan.
 * @returns Lines, each with its line feed.
 */
export function planText(plan: ScalePlan): string {
  const { asked, connections, workers, clients, addresses, varied, seconds, memory } = plan;
  const lines = [
    `Opens ${count(connections)} WebSocket connections to one port of this host: ` +
    `${countOf(workers, "server process", "server processes")}, ${
      countOf(clients, "client process", "client processes")
    }` +
    (varied === "none"
      ? "."
      : `, ${countOf(addresses.length, `${varied} address`, `${varied} addresses`)}.`),
    `About ${countOf(seconds, "second", "seconds")} and ${
      bytes(memory)
    } of memory. Ctrl-C ends it.`,
    ...plan.notes.map((note) => `${note}.`),
  ];
  if (plan.stop !== undefined) {
    lines.push(
      `${count(asked)} are more than this host allows: ${plan.stop.message} (${plan.stop.limit}).`,
    );
  }
  return lines.map((line) => `${line}\n`).join("");
}

/**
 * Shows the present state as several lines, to be written over in place.
 *
 * @param progress The state.
 * @param plan The plan.
 */
export function liveBlock(progress: ScaleProgress, plan: ScalePlan): string[] {
  const { connections, kernelCount, server, clients, perSecond, left } = progress;
  const share = Math.min(1, connections / Math.max(1, plan.connections));
  const full = Math.round(share * BAR);
  const state = progress.phase === "opening"
    ? `${count(perSecond)} a second, ${Math.ceil(left)} s left`
    : progress.phase;
  return [
    `[${"#".repeat(full)}${".".repeat(BAR - full)}] ${state}`,
    row("server ports used", kernelCount && count(kernelCount.serverPorts)),
    row("connections", `${count(connections)} of ${count(plan.connections)}`),
    row("distinct 4-tuples", kernelCount && count(kernelCount.fourTuples)),
    row("the same source port", kernelCount && sharedText(kernelCount, plan)),
    row("descriptors", both(server, clients, ({ descriptors }) => optional(descriptors, count))),
    row("memory", both(server, clients, ({ resident }) => optional(resident, bytes))),
  ];
}

/**
 * Shows the present state as one line, for where nothing can be written over.
 *
 * @param progress The state.
 * @param plan The plan.
 */
export function liveLine(progress: ScaleProgress, plan: ScalePlan): string {
  const { connections, kernelCount, server, clients, elapsed } = progress;
  const sum = (figure: "descriptors" | "resident"): number | undefined =>
    server?.[figure] === undefined ? clients?.[figure] : server[figure] + (clients?.[figure] ?? 0);
  const parts = [
    kernelCount && `server ports used: ${count(kernelCount.serverPorts)}`,
    `connections: ${count(connections)}`,
    kernelCount && `4-tuples: ${count(kernelCount.fourTuples)}`,
    kernelCount && `the same source port: ${sharedText(kernelCount, plan)}`,
    optional(sum("descriptors"), (value) => `descriptors: ${count(value)}`),
    optional(sum("resident"), (value) => `memory: ${bytes(value)}`),
  ];
  return `${Math.floor(elapsed)} s  ${parts.filter((part) => part !== undefined).join(", ")}`;
}

/**
 * Explains a run in ten lines; where the host does not tell something, its line is left out.
 *
 * @param result What was measured.
 * @returns Lines, each with its line feed.
 */
export function explanation(result: ScaleResult): string {
  const step = result.steps.reduce<ScaleStep | undefined>(
    (best, one) => best === undefined || one.connections > best.connections ? one : best,
    undefined,
  );
  const lines = step === undefined || step.connections === 0
    ? ["No connection was open, so there is nothing to explain yet."]
    : explain(step, result).filter((line) => line !== undefined);
  return [...lines, ...stopLines(result)].map((line) => `${line}\n`).join("");
}

function explain(step: ScaleStep, result: ScaleResult): (string | undefined)[] {
  const { connections, kernelCount, server, perConnection } = step;
  const { plan } = result;
  const port = new URL(result.url).port;
  const beyond = connections - PORT_NUMBERS;
  const tuples = kernelCount?.fourTuples;
  const shared = kernelCount?.sharedPort;
  const perPair = connectionsPerSource(result.limits);
  const first = plan.limits[0];
  return [
    beyond > 0
      ? `One port, ${port}, held ${count(connections)} connections at once: ${
        count(beyond)
      } more ` +
        `than there are port numbers (${count(PORT_NUMBERS)}).`
      : `One port, ${port}, held ${
        count(connections)
      } connections at once; that port numbers end at ` +
        `${count(PORT_NUMBERS)} had no part in it.`,
    kernelCount && `None of them took a port from the server: at its end the kernel saw ` +
      `${countOf(kernelCount.serverPorts, "port", "ports")} in use.`,
    "The kernel tells connections apart by source address, source port, destination address and " +
    "destination port: the 4-tuple.",
    tuples === undefined ? undefined : `It counted ${count(tuples)} different 4-tuples` +
      (tuples === connections ? ", one for each connection." : " while connections came and went."),
    shared &&
    (shared.uses > 1
      ? `A source port serves again where an address differs: port ${shared.port} was in use ` +
        `${count(shared.uses)} times at once, ${plan.varied === "destination" ? "to" : "from"} ${
          count(shared.uses)
        } addresses.`
      : "Each source port was in use once, since one source address was enough."),
    perPair === undefined
      ? undefined
      : `One source address has ${
        count(perPair)
      } source ports here, so it reaches one address and ` +
        "port so many times: a limit of the client.",
    server?.descriptors === undefined
      ? undefined
      : `What a connection does cost the server is a descriptor: ${
        count(server.descriptors)
      } are ` +
        `open in ${countOf(server.processes, "process", "processes")}` +
        (server.descriptorLimit === undefined
          ? "."
          : `, each allowed ${count(server.descriptorLimit)}.`),
    server?.descriptorLimit === undefined || connections <= server.descriptorLimit
      ? undefined
      : `That is why ${
        count(plan.workers)
      } processes share the port: no port ran out, descriptors would have.`,
    perConnection.server === undefined
      ? undefined
      : `And memory: ${bytes(perConnection.server)} of the server's own` +
        (perConnection.kernel === undefined
          ? " for each connection."
          : `, and ${bytes(perConnection.kernel)} of the kernel's, for each connection.`) +
        (connections < FEW_CONNECTIONS
          ? " With so few, much of that is code, which is compiled at its first use."
          : ""),
    first &&
    `On this host such a run would meet ${first.name} first, at ${count(first.connections)} ` +
      `connections (${first.reason}); the number of ports never.`,
  ];
}

function stopLines({ stop, plan }: ScaleResult): string[] {
  if (stop === undefined) return [];
  return [
    "",
    `It stopped at ${count(stop.connections)} of ${
      count(plan.asked)
    } connections. ${stop.message}` +
    (stop.raise.length === 0 ? "." : ` (${stop.limit}).`),
    ...stop.raise.length === 0 ? [] : ["To go further:"],
    ...stop.raise.map((command) => `  ${command}`),
  ];
}

function sharedText(
  { sharedPort: { port, uses } }: NonNullable<ScaleStep["kernelCount"]>,
  { varied }: ScalePlan,
): string {
  const way = varied === "destination" ? "to" : "from";
  return `${port} used ${way} ${countOf(uses, "address", "addresses")}`;
}

function both(
  server: ProcessFigures | undefined,
  clients: ProcessFigures | undefined,
  figure: (figures: ProcessFigures) => string | undefined,
): string | undefined {
  const texts = [
    side("server", server, figure),
    side("clients", clients, figure),
  ].filter((text) => text !== undefined);
  return texts.length === 0 ? undefined : texts.join(", ");
}

function side(
  name: string,
  figures: ProcessFigures | undefined,
  figure: (figures: ProcessFigures) => string | undefined,
): string | undefined {
  const text = figures && figure(figures);
  return text === undefined
    ? undefined
    : `${name} ${text} in ${countOf(figures!.processes, "process", "processes")}`;
}

/** What is not known yet, or never on this system, is a dash. */
function row(name: string, value: string | undefined): string {
  return `  ${name.padEnd(22)}${value ?? "-"}`;
}

function optional<T>(value: T | undefined, text: (value: T) => string): string | undefined {
  return value === undefined ? undefined : text(value);
}
