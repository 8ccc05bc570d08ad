import "ws"; // so that Deno has fetched it when Node asks for its files

/** A program that a test needs, or why the test cannot run without it. */
export type Program = { command: string; args: string[] } | { missing: string };

/** How long a program may take to say what it is; only then is it given up. */
const PROBE_DEADLINE = 20_000;

const CHROMIUM = "/usr/bin/chromium";
// They are in no ordinary user's PATH.
const HAPROXY = "/usr/sbin/haproxy";
const NGINX = "/usr/sbin/nginx";

/** Where there is no Node, Deno's children find a `node` that is Deno. */
const REFUSE_DENO = "process.versions.deno && process.exit(1)";

/**
 * Finds Debian's Chromium.
 *
 * @returns Its command, without arguments.
 */
export function findChromium(): Promise<Program> {
  return findProgram([[CHROMIUM, "--version"]], 1, `needs ${CHROMIUM}`);
}

/**
 * Finds Debian's Prometheus, or what comes with it.
 *
 * @param name `prometheus` or `promtool`.
 * @returns Its command, without arguments.
 */
export function findPrometheus(name: string): Promise<Program> {
  return findProgram([[name, "--version"]], 1, `needs ${name}`);
}

/**
 * Finds Debian's haproxy.
 *
 * @returns Its command, without arguments.
 */
export function findHaproxy(): Promise<Program> {
  return findProgram([[HAPROXY, "-v"]], 1, `needs ${HAPROXY}`);
}

/**
 * Finds Debian's nginx.
 *
 * @returns Its command, without arguments.
 */
export function findNginx(): Promise<Program> {
  return findProgram([[NGINX, "-v"]], 1, `needs ${NGINX}`);
}

/**
 * Finds OpenSSL.
 *
 * @returns Its command, without arguments.
 */
export function findOpenssl(): Promise<Program> {
  return findProgram([["openssl", "version"]], 1, "needs openssl");
}

/**
 * Finds a Python that has a module. The first `python3` may be another than Debian's, which is the
 * one that gets its modules from packages.
 *
 * @param module Such as `wsproto`.
 * @returns The command that runs Python.
 */
export function findPython(module: string): Promise<Program> {
  const probe = ["-c", `import ${module}`];
  // -B: a test leaves no compiled files behind in the checkout.
  return findProgram(
    [["python3", "-B", ...probe], ["/usr/bin/python3", "-B", ...probe]],
    probe.length,
    `needs a python3 with the module ${module}`,
  );
}

/**
 * Finds a Node that is still maintained; older ones lack what the clients use, such as `crypto`.
 *
 * @returns The command that runs Node.
 */
export function findNode(): Promise<Program> {
  const probe = ["-e", `${REFUSE_DENO} || parseInt(process.versions.node) < 20 && process.exit(1)`];
  return findProgram([["node", ...probe]], probe.length, "needs node 20 or newer");
}

/**
 * Finds a Node that has a WebSocket of its own: from 22 on, or from 20.10 on behind a flag.
 *
 * @returns The command that runs Node, with the flag if it needs that.
 */
export function findNodeWithWebSocket(): Promise<Program> {
  const probe = ["-e", `${REFUSE_DENO} || WebSocket`];
  return findProgram(
    [["node", ...probe], ["node", "--experimental-websocket", ...probe]],
    probe.length,
    "needs node 20.10 or newer",
  );
}

/** Where the files of the npm package ws are, for a Node that has no packages of its own. */
export const WS_MODULE: string = import.meta.resolve("ws");

/** Finds the first command line that succeeds, and takes off the arguments that only probed. */
async function findProgram(
  lines: string[][],
  probeLength: number,
  missing: string,
): Promise<Program> {
  for (const [command = "", ...args] of lines) {
    if (await succeeds(command, args)) {
      return { command, args: args.slice(0, args.length - probeLength) };
    }
  }
  return { missing };
}

async function succeeds(command: string, args: string[]): Promise<boolean> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(command, { args, stdin: "null", stdout: "null", stderr: "null" })
      .spawn();
  } catch {
    return false; // there is no such program
  }
  const deadline = setTimeout(() => child.kill("SIGKILL"), PROBE_DEADLINE);
  const { success } = await child.status;
  clearTimeout(deadline);
  return success;
}
