/**
 * What a run will do, and what the host allows, before anything is started.
 *
 * @module
 */

import type { ScaleLimit, ScalePlan } from "../../server/scale/result.ts";
import { formatBytes, formatCount, formatFigure, formatSeconds } from "./units.ts";

/** So many addresses are named; of more only the first and the last. */
const MAX_NAMED = 3;

/**
 * Writes a plan for a person.
 *
 * @param plan What the engine will do.
 * @param url The server to measure, where it is not our own.
 * @returns Lines, the last with a line feed too.
 */
export function formatPlan(plan: ScalePlan, url?: string): string {
  const lines = [
    `Grow to ${formatCount(plan.asked, "connection")} on one port of ${
      url ?? "a server of its own"
    }`,
    ...allowed(plan),
    // Where nothing can be opened, nothing is started.
    ...plan.connections === 0 ? [] : [
      `  starts    ${started(plan)}`,
      `  measures  at ${plan.steps.map((step) => formatFigure(step)).join(", ")}`,
      `  takes     about ${formatSeconds(plan.seconds)} and ${formatBytes(plan.memory)} of memory`,
    ],
    ...plan.notes.map((note) => `  note      ${note}`),
  ];
  return `${lines.join("\n")}\n`;
}

function allowed({ asked, connections, limits, stop }: ScalePlan): string[] {
  if (stop !== undefined) {
    return [
      `  allowed   ${formatFigure(connections)} of ${
        formatFigure(asked)
      } here, so it goes as far as that`,
      `  because   ${stop.message}`,
      ...raising(stop.raise),
    ];
  }
  const [first] = limits;
  if (first === undefined) return ["  allowed   no limit of this host can be read"];
  return [
    `  allowed   ${formatFigure(first.connections)} here; what stops more is ${because(first)}`,
  ];
}

function because({ name, reason }: ScaleLimit): string {
  return `${name}: ${reason}`;
}

/**
 * Writes the commands that raise a limit.
 *
 * @param commands The commands; may be empty.
 */
export function raising(commands: readonly string[]): string[] {
  if (commands.length === 0) return [];
  return ["  to raise it, run", ...commands.map((command) => `            ${command}`)];
}

function started({ workers, clients, connectionsPerClient, varied, addresses }: ScalePlan): string {
  const server = workers === 0
    ? ""
    : `${formatCount(workers, "server process", "server processes")}${
      workers > 1 ? " that share the port" : ""
    }, `;
  const each = `${formatCount(clients, "client process", "client processes")} of up to ${
    formatCount(connectionsPerClient, "connection")
  }`;
  if (varied === "none") return `${server}${each}`;
  return `${server}${each}, ${
    formatCount(addresses.length, `${varied} address`, `${varied} addresses`)
  } (${named(addresses)})`;
}

function named(addresses: readonly string[]): string {
  return addresses.length <= MAX_NAMED
    ? addresses.join(", ")
    : `${addresses[0]} to ${addresses.at(-1)}`;
}
