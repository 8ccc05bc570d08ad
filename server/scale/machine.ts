import { Socket } from "node:net";
import config from "../../deno.json" with { type: "json" };
import { type HostLimits, readHostLimits } from "../host/host.ts";
import { mayReadHost } from "../host/host_reader.ts";
import type { PlanSurroundings } from "./plan.ts";
import type { ScaleHost, ScaleOptions, Varied } from "./result.ts";
import { parseTarget } from "./target.ts";

/** A connection within this host that takes longer than so many milliseconds is none. */
const TRIAL_DEADLINE = 2_000;

/**
 * Finds out what a plan depends on.
 *
 * @param options What is asked.
 * @returns The host's limits and abilities.
 * @throws {TypeError} When `url` is none.
 */
export async function readSurroundings({ url }: ScaleOptions): Promise<PlanSurroundings> {
  const host = url === undefined ? "127.0.0.1" : parseTarget(url).host;
  const [limits, varied] = await Promise.all([
    readHostLimits(),
    whatVaries(host, url === undefined),
  ]);
  return {
    limits,
    cores: navigator.hardwareConcurrency,
    // Elsewhere than on Linux the option is there but does not share connections out.
    reusePort: Deno.build.os === "linux",
    ...varied,
  };
}

/**
 * Describes the machine and the programs.
 *
 * @param limits The limits as read.
 */
export async function describeHost({ memoryTotal }: HostLimits): Promise<ScaleHost> {
  const cpuinfo = mayReadHost() ? await Deno.readTextFile("/proc/cpuinfo").catch(() => "") : "";
  const processor = /^model name\s*: (.+)$/m.exec(cpuinfo)?.[1];
  return {
    os: `${Deno.build.os} ${Deno.osRelease()}`,
    arch: Deno.build.arch,
    cores: navigator.hardwareConcurrency,
    ...processor !== undefined && { processor },
    ...memoryTotal !== undefined && { memory: memoryTotal },
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    fourtuple: config.version,
  };
}

async function whatVaries(
  host: string,
  own: boolean,
): Promise<{ varied: Varied; addresses?: readonly string[] }> {
  // Only Linux has all of 127.0.0.0/8 without being told.
  if (Deno.build.os !== "linux") return { varied: "none" };
  const canChoose = await canChooseSource();
  if (host.startsWith("127.")) {
    return { varied: canChoose ? "source" : own ? "destination" : "none" };
  }
  const addresses = Deno.networkInterfaces()
    .filter(({ family, address }) => family === "IPv4" && !address.startsWith("127."))
    .map(({ address }) => address);
  const numeric = /^[\d.]+$/.test(host);
  return canChoose && numeric && addresses.length > 1
    ? { varied: "source", addresses }
    : { varied: "none" };
}

/** Some versions of Deno ignore `localAddress` without a word, so it is tried. */
async function canChooseSource(): Promise<boolean> {
  const address = "127.0.0.2";
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const socket = new Socket();
  const failed = new Promise<undefined>((resolve) => {
    socket.once("error", () => resolve(undefined));
    socket.setTimeout(TRIAL_DEADLINE, () => resolve(undefined));
  });
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.connect({ host: "127.0.0.1", port: listener.addr.port, localAddress: address });
  try {
    using conn = await Promise.race([listener.accept(), failed]);
    return conn?.remoteAddr.hostname === address;
  } finally {
    socket.destroy();
    await closed;
  }
}
