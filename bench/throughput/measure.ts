import { type Case, lengthOf } from "./cases.ts";
import { type Contestant, ROOT } from "./contestants.ts";
import type { LoadEvent, LoadFigures, LoadSpec } from "./load/spec.ts";
import { cpuShare, residentBytes, sampleCpu } from "./process_stat.ts";
import type { Measurement } from "./result.ts";
import type { Subprocess, Subprocesses } from "./subprocess.ts";

/** How long a server may take to listen, and a load besides what it is told to, in milliseconds. */
const PATIENCE = 60_000;

/** A server that has just started still compiles and collects, in milliseconds. */
const CALM = 300;

/** How long after a failure a server may take to end that was its cause, in milliseconds. */
const GRACE = 200;

/** What has not come in time. */
const LATE = Symbol();

/** The cores of both sides. */
export interface Cores {
  readonly server: number;
  readonly load: number;
}

/**
 * Starts a server, runs a load against it, and ends both.
 *
 * @param contestant The server.
 * @param test The case.
 * @param load What the load generator does.
 * @param cores Where both run; anywhere, unless given.
 * @param processes Who starts them.
 * @throws {Error} Where one of them fails; the message says why.
 */
export async function measure(
  contestant: Contestant,
  test: Pick<Case, "app">,
  load: LoadSpec,
  cores: Cores | undefined,
  processes: Subprocesses,
): Promise<Measurement> {
  const cwd = ROOT.pathname;
  await using server = processes.start(contestant.command(test.app), { core: cores?.server, cwd });
  const port = await portOf(server);
  await pause(CALM);
  const before = residentBytes(server.pid);
  await using generator = processes.start(loadCommand(port, load), { core: cores?.load, cwd });
  const deadline = PATIENCE + 1_000 * lengthOf(load);
  try {
    await nextEvent(generator, deadline);
    const [serverFrom, loadFrom] = [sampleCpu(server.pid), sampleCpu(generator.pid)];
    const figures = await nextEvent(generator, deadline);
    const [serverTo, loadTo] = [sampleCpu(server.pid), sampleCpu(generator.pid)];
    if (figures === undefined) throw new Error("The load generator has no figures");
    const grown = residentBytes(server.pid) - before;
    return toMeasurement(load, figures, {
      serverCpu: cpuShare(serverFrom, serverTo),
      loadCpu: cpuShare(loadFrom, loadTo),
    }, grown);
  } catch (error) {
    // The load generator sees only that its connections end, and perhaps before we see why.
    const code = await orLate(GRACE, server.ended);
    if (code !== LATE) throw serverEnded(server, code);
    throw error;
  }
}

/** Returns the command line of the load generator. */
export function loadCommand(port: number | string, load: LoadSpec): string[] {
  const script = "bench/throughput/load/main.ts";
  return [Deno.execPath(), "run", "-A", script, String(port), JSON.stringify(load)];
}

function toMeasurement(
  load: LoadSpec,
  { operations, seconds, push }: LoadFigures,
  cpu: Pick<Measurement, "serverCpu" | "loadCpu">,
  grownBytes: number,
): Measurement {
  if (load.kind === "idle") return { value: grownBytes / 1_024 / operations, ...cpu };
  const serverMicroseconds = cpu.serverCpu * seconds * 1e6 / operations;
  const value = push === undefined ? operations / seconds : push.bytesPerMessage;
  return { value, ...cpu, serverMicroseconds, ...push && { push } };
}

/**
 * Waits until a server listens: each tells its address on its first line.
 *
 * @param server The server.
 * @returns Its port.
 * @throws {Error} Where it ends before, or says nothing for a minute.
 */
export async function portOf(server: Subprocess): Promise<number> {
  const line = await within(PATIENCE, server.nextLine(), "The server does not listen");
  if (line === undefined) throw serverEnded(server, await server.ended);
  const [, port] = /http:\/\/[^\s/]+:(\d+)/.exec(line) ?? [];
  if (port === undefined) throw new Error("The server does not tell its address");
  return Number(port);
}

function serverEnded(server: Subprocess, code: number): Error {
  return new Error(`The server ended with ${code}: ${lastLine(server.errors)}`);
}

/** Waits for the load generator's next line; the figures come with the last one. */
async function nextEvent(
  generator: Subprocess,
  deadline: number,
): Promise<LoadFigures | undefined> {
  const line = await within(deadline, generator.nextLine(), "The load generator hangs");
  if (line === undefined) {
    const code = await generator.ended;
    throw new Error(`The load generator ended with ${code}: ${lastLine(generator.errors)}`);
  }
  const event: LoadEvent = JSON.parse(line);
  if (event.event === "failed") throw new Error(event.reason);
  return event.event === "end" ? event.figures : undefined;
}

async function within<T>(milliseconds: number, work: Promise<T>, failure: string): Promise<T> {
  const result = await orLate(milliseconds, work);
  if (result !== LATE) return result;
  throw new Error(`${failure}: nothing came for ${Math.round(milliseconds / 1_000)} s`);
}

/** Waits for work, but not for longer than this. */
async function orLate<T>(milliseconds: number, work: Promise<T>): Promise<T | typeof LATE> {
  const { promise, resolve } = Promise.withResolvers<typeof LATE>();
  const timer = setTimeout(() => resolve(LATE), milliseconds);
  return await Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function lastLine(text: string): string {
  return text.split("\n").at(-1) || "it wrote nothing to stderr";
}
