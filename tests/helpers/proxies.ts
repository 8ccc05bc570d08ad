import { Process } from "./process.ts";
import { until } from "./events.ts";
import type { Program } from "./programs.ts";

/** Where the proxies of tests connect from; clients come from other addresses. */
export const PROXY_ADDRESS = "127.0.0.2";

/** How long a tunnel may be idle before these proxies cut it, in milliseconds. */
export const IDLE_CUT = 2_000;

/** A proxy in front of a server. */
export interface RunningProxy extends AsyncDisposable {
  /** Where clients connect. */
  readonly addr: Deno.NetAddr;
  /** The folder of its files. */
  readonly dir: string;
}

/**
 * Starts haproxy in TCP mode.
 *
 * @param program haproxy.
 * @param server Where it forwards to.
 * @param options What is said behind the address of the server, such as `send-proxy`.
 * @param backend What is said ahead of that, such as `option httpchk`.
 */
export function startHaproxy(
  program: Program,
  { hostname, port }: Deno.NetAddr,
  options: string,
  backend = "",
): Promise<RunningProxy> {
  return startProxy(program, async (dir, at) => {
    const path = `${dir}/haproxy.cfg`;
    await Deno.writeTextFile(
      path,
      `global
  stats socket ${dir}/stats
defaults
  mode tcp
  timeout connect 10s
  timeout client 30s
  timeout server 30s
  timeout tunnel ${IDLE_CUT}ms
  timeout check 10s
frontend front
  bind ${at}
  default_backend back
backend back
  ${backend}
  server behind ${hostname}:${port} source ${PROXY_ADDRESS} ${options}
`,
    );
    return { args: ["-db", "-f", path], ready: () => answers(`${dir}/stats`) };
  });
}

/** An haproxy that looks whether its server is there. */
export interface CheckingHaproxy extends RunningProxy {
  /** What it found last: `UP L7OK 200`. */
  found(): Promise<string>;
}

/**
 * Starts haproxy with TLS in front of HTTP, as it stands before an ops port.
 *
 * @param program haproxy.
 * @param server Where it forwards to.
 * @param pem A certificate and its key.
 * @param checks How it looks whether the server is there: lines of its configuration.
 */
export async function startCheckingHaproxy(
  program: Program,
  { hostname, port }: Deno.NetAddr,
  pem: string,
  checks: string,
): Promise<CheckingHaproxy> {
  let stats = "";
  const proxy = await startProxy(program, async (dir, at) => {
    stats = `${dir}/stats`;
    const path = `${dir}/haproxy.cfg`;
    await Deno.writeTextFile(`${dir}/front.pem`, pem);
    await Deno.writeTextFile(
      path,
      `global
  stats socket ${stats}
defaults
  mode http
  timeout connect 10s
  timeout client 30s
  timeout server 30s
  timeout check 10s
frontend front
  bind ${at} ssl crt ${dir}/front.pem
  default_backend back
backend back
  ${checks}
  server behind ${hostname}:${port} check inter 100ms
`,
    );
    return { args: ["-db", "-f", path], ready: () => answers(stats) };
  });
  const found = async () => {
    const [names = "", ...rows] = (await askHaproxy(stats, "show stat")).slice(2).split("\n");
    const behind = rows.find((row) => row.startsWith("back,behind,"))?.split(",") ?? [];
    return ["status", "check_status", "check_code"]
      .map((name) => behind[names.split(",").indexOf(name)]).join(" ");
  };
  return { ...proxy, found };
}

/** Tells whether haproxy answers on its own socket, as it does when it serves. */
async function answers(path: string): Promise<boolean> {
  try {
    return await askHaproxy(path, "show info") !== "";
  } catch {
    return false;
  }
}

/** Asks haproxy on its own socket. */
async function askHaproxy(path: string, question: string): Promise<string> {
  const conn = await Deno.connect({ transport: "unix", path });
  await conn.write(new TextEncoder().encode(`${question}\n`));
  return await new Response(conn.readable).text();
}

/**
 * Asks haproxy what its health check of the server has found.
 *
 * @param proxy haproxy.
 * @returns Whether the server is up, what the last check found, and the HTTP status that it got.
 */
export async function healthCheckOf({ dir }: RunningProxy): Promise<[string, string, string]> {
  const [names = "", ...rows] = (await askHaproxy(`${dir}/stats`, "show stat")).split("\n");
  const columns = names.split(",");
  const row = rows.find((line) => line.startsWith("back,behind,"))?.split(",") ?? [];
  const [status = "", check = "", code = ""] = ["status", "check_status", "check_code"]
    .map((name) => row[columns.indexOf(name)]);
  return [status, check, code];
}

const FORWARDED_FOR = "X-Forwarded-For $proxy_add_x_forwarded_for";

/**
 * Starts nginx, which forwards upgrades over HTTP and tells its client in a header.
 *
 * @param program nginx.
 * @param server Where it forwards to.
 * @param front How it stands there: with a certificate and its key for TLS, with lines of its
 * configuration that say which Host the server sees (without, the one that the client sent), and with
 * the header that tells the client's address, and its value.
 */
export function startNginx(
  program: Program,
  { hostname, port }: Deno.NetAddr,
  { tls, host = "proxy_set_header Host $http_host;", header = FORWARDED_FOR }: {
    tls?: { cert: string; key: string };
    host?: string;
    header?: string;
  } = {},
): Promise<RunningProxy> {
  return startProxy(program, async (dir, at) => {
    const path = `${dir}/nginx.conf`;
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((name) => `${name}_temp_path ${dir}/${name};`).join(" ");
    if (tls !== undefined) {
      await Deno.writeTextFile(`${dir}/cert.pem`, tls.cert);
      await Deno.writeTextFile(`${dir}/key.pem`, tls.key);
    }
    const secure = tls && `ssl_certificate ${dir}/cert.pem; ssl_certificate_key ${dir}/key.pem;`;
    await Deno.writeTextFile(
      path,
      `daemon off;
master_process off;
pid ${dir}/pid;
events {}
http {
  access_log off;
  ${temporary}
  server {
    listen ${at} reuseport${tls ? " ssl" : ""};
    ${secure ?? ""}
    location / {
      proxy_pass http://${hostname}:${port};
      proxy_bind ${PROXY_ADDRESS};
      proxy_http_version 1.1;
      ${host}
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header ${header};
      proxy_read_timeout ${IDLE_CUT}ms;
    }
  }
}
`,
    );
    // It is written when the sockets are there.
    const ready = () => Deno.stat(`${dir}/pid`).then(({ size }) => size > 0, () => false);
    return { args: ["-p", dir, "-c", path, "-e", `${dir}/errors`], ready };
  });
}

/** How a proxy is run, and how one sees that it serves. */
interface Recipe {
  readonly args: string[];
  ready(): Promise<boolean>;
}

/** Starts a proxy on a free port, which is held for it until it listens there too. */
async function startProxy(
  program: Program,
  prepare: (dir: string, at: string) => Promise<Recipe>,
): Promise<RunningProxy> {
  if ("missing" in program) throw new Error(program.missing);
  const dir = await Deno.makeTempDir({ prefix: "fourtuple-proxy-" });
  const held = Deno.listen({ hostname: "127.0.0.1", port: 0, reusePort: true });
  const addr = held.addr as Deno.NetAddr;
  const { args, ready } = await prepare(dir, `${addr.hostname}:${addr.port}`);
  const process = new Process(program.command, [...program.args, ...args]);
  const end = async () => {
    await process[Symbol.asyncDispose]();
    await Deno.remove(dir, { recursive: true });
  };
  try {
    await until("the proxy serves", ready);
  } catch (error) {
    await end();
    throw error;
  } finally {
    held.close();
  }
  return { addr, dir, [Symbol.asyncDispose]: end };
}
