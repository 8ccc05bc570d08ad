/**
 * The servers that are compared, and how each is started.
 *
 * @module
 */

import { firstLine } from "../../server/cli/terminal/problems.ts";
import { VERSION } from "../../server/cli/version.ts";
import type { App } from "./cases.ts";
import type { Transport } from "./load/spec.ts";
import { ensureInstalled } from "./npm_folder.ts";
import type { Subprocess, Subprocesses } from "./subprocess.ts";

/** The versions that are compared with. */
const WS = { ws: "8.23.0", bufferutil: "4.1.0" } as const;
const BUN = { bun: "1.4.5" } as const;

/** The peers, by what `--peers` calls them. */
export const PEERS = ["ws", "deno", "bun"] as const;

/** One of {@linkcode PEERS}. */
export type Peer = typeof PEERS[number];

/** Where the servers are started: the root of the checkout. */
export const ROOT: URL = new URL("../../", import.meta.url);

/** One side of a comparison. */
export interface Contestant {
  /** A short name. */
  readonly name: string;
  /** What it is, with versions. */
  readonly title: string;
  /** The versions of its parts; this project's and Deno's are known. */
  readonly versions?: Readonly<Record<string, string>>;
  /** Returns the command line that starts it, in {@linkcode ROOT}. */
  command(app: App): string[];
}

/** A peer that cannot be had. */
export interface LeftOut {
  readonly name: Peer;
  readonly reason: string;
}

const DENO = [Deno.execPath(), "run", "-A"] as const;

/** This server. */
export const FOURTUPLE: Contestant = {
  name: "fourtuple",
  title: `Fourtuple ${VERSION} on Deno ${Deno.version.deno}`,
  command: (app) => [...DENO, "server/main.ts", "serve", "--app", app, "--port", "0"],
};

/**
 * Gets peers ready, from npm where that is needed.
 *
 * @param names Which.
 * @param processes Who runs npm, and tries what it installed.
 * @param say Gets a line for what takes long.
 * @returns Those that can be had, and why the others cannot.
 */
export async function findPeers(
  names: readonly Peer[],
  processes: Subprocesses,
  say: (line: string) => void,
): Promise<{ peers: Contestant[]; leftOut: LeftOut[] }> {
  const peers: Contestant[] = [];
  const leftOut: LeftOut[] = [];
  for (const name of names) {
    try {
      peers.push(await findPeer(name, processes, say));
    } catch (error) {
      leftOut.push({ name, reason: firstLine(error) });
    }
  }
  return { peers, leftOut };
}

/**
 * Returns the side of a comparison of transports.
 *
 * @param transport Which.
 */
export function transportServer(transport: Transport): Contestant {
  if (transport === "websocket") {
    return { ...FOURTUPLE, name: transport, title: `WebSocket, ${FOURTUPLE.title}` };
  }
  return {
    name: transport,
    title: `${transport}, Deno.serve of Deno ${Deno.version.deno}`,
    command: () => [...DENO, "bench/peers/polling.ts"],
  };
}

async function findPeer(
  name: Peer,
  processes: Subprocesses,
  say: (line: string) => void,
): Promise<Contestant> {
  switch (name) {
    case "ws": {
      const node = await findNode(processes);
      const folder = await ensureInstalled(WS, processes, say);
      return {
        name,
        title: `ws ${WS.ws} with bufferutil ${WS.bufferutil} on Node ${node}`,
        versions: { node, ...WS },
        command: (app) => ["node", "bench/peers/ws.mjs", folder, app],
      };
    }
    case "deno":
      return {
        name,
        title: `Deno.upgradeWebSocket of Deno ${Deno.version.deno}`,
        command: (app) => [...DENO, "bench/peers/deno.ts", app],
      };
    case "bun": {
      const bun = await findBun(await ensureInstalled(BUN, processes, say), processes);
      return {
        name,
        title: `Bun ${BUN.bun} (uWebSockets)`,
        versions: BUN,
        command: (app) => [bun, "bench/peers/bun.mjs", app],
      };
    }
  }
}

/** Where there is no Node, Deno's children find a `node` that is Deno; returns Node's version. */
async function findNode(processes: Subprocesses): Promise<string> {
  const script = 'console.log(process.versions.deno ? "" : process.versions.node)';
  const version = await output(processes, ["node", "-e", script]);
  if (version === "") throw new Error("there is no node");
  return version;
}

/** The program lies in one of several places, by platform and by whether npm ran its script. */
async function findBun(folder: string, processes: Subprocesses): Promise<string> {
  const modules = `${folder}/node_modules`;
  const places = [`${modules}/bun/bin/bun.exe`];
  for await (const { name } of Deno.readDir(`${modules}/@oven`)) {
    places.push(`${modules}/@oven/${name}/bin/bun`);
  }
  for (const place of places) {
    const version = await output(processes, [place, "--version"]).catch(() => undefined);
    if (version === BUN.bun) return place;
  }
  throw new Error("npm has no program of Bun for this platform");
}

/** Runs a program, and returns the first line that it writes. */
async function output(processes: Subprocesses, command: string[]): Promise<string> {
  let subprocess: Subprocess;
  try {
    subprocess = processes.start(command);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new Error(`there is no ${command[0]}`);
    throw error;
  }
  const line = await subprocess.nextLine();
  if (await subprocess.ended !== 0 || line === undefined) {
    throw new Error(`${command.join(" ")} fails: ${subprocess.errors.split("\n")[0]}`);
  }
  return line;
}
