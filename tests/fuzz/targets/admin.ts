import { assert, assertEquals } from "@std/assert";
import { encodeBase64Url as untypedEncode } from "@std/encoding/base64url";
import { makeApp } from "../../../server/admin/app.ts";
import { AuditTrail } from "../../../server/admin/audit.ts";
import { TokenCheck } from "../../../server/admin/auth.ts";
import { connectionEndpoints } from "../../../server/admin/connection_endpoints.ts";
import { encodeCursor } from "../../../server/admin/cursor.ts";
import { dashboardFile } from "../../../server/admin/dashboard.ts";
import type { Caller } from "../../../server/admin/host_check.ts";
import { LivePages } from "../../../server/admin/live_pages.ts";
import { probeEndpoints } from "../../../server/admin/probe_endpoints.ts";
import { PROBLEM_STATUSES } from "../../../server/admin/problem.ts";
import { serverEndpoints } from "../../../server/admin/server_endpoints.ts";
import { Snapshots } from "../../../server/admin/snapshots.ts";
import { TapStreams } from "../../../server/admin/tap_streams.ts";
import { LIMIT_NAMES } from "../../../server/limits.ts";
import type { ConnectionQuery, DescriptorQuery } from "../../../server/operations/operations.ts";
import { fakeConnections, FakeOperations } from "../../helpers/fake_operations.ts";
import type { Random } from "../../helpers/random.ts";
import { bytesOf, mutate, some, textOf } from "../inputs.ts";
import type { FuzzTarget } from "../target.ts";

const encodeBase64Url: (text: string) => string = untypedEncode;

const KEYS = [
  ...fakeConnections(3).map(({ key }) => key),
  ...["127.0.0.1:1-127.0.0.1:2", "[::1]:1-[::1]:2", "..%2f..", "%00", "x", "%ff", "close"],
];

const ROUTES = [
  ...["GET /healthz", "GET /readyz", "GET /metrics", "GET /openapi.json", "GET /", "GET /nowhere"],
  ...["GET /api/v1/snapshot", "GET /api/v1/host", "GET /api/v1/limits", "GET /api/v1/drain"],
  ...["GET /api/v1/connections", "GET /api/v1/connections", "GET /api/v1/connections"],
  ...["GET /api/v1/connections/{key}", "GET /api/v1/connections/{key}/tap", "GET /api/v1/live"],
  ...["GET /api/v1/fds", "GET /api/v1/fds", "GET /api/v1/log-level", "HEAD /api/v1/fds"],
  ...["POST /api/v1/connections/close", "POST /api/v1/connections/close"],
  ...["POST /api/v1/connections/{key}/close", "POST /api/v1/connections/{key}/ping"],
  ...["PATCH /api/v1/limits", "PATCH /api/v1/limits", "PUT /api/v1/log-level"],
  ...["POST /api/v1/drain", "DELETE /api/v1/connections", "OPTIONS *"],
];

const CURSORS = [
  ...[[0, 0, 0], [-1, 0, 3], [1e308, 1, 1], [0, 5], [0, -1], [0, 1e300]].map(encodeCursor),
  ...['["a",0,0]', "[null,0,0]", "[0,1e400,0]", "[[],0]", "[0,1e400]"].map(encodeBase64Url),
  ...["", "W10", "WzEsMiwxZTQwMF0", "W251bGwsMSwyXQ", "%2e", "x".repeat(300)],
];

const QUERIES = [
  ...["limit=1", "limit=1000", "limit=0", "limit=1e3", "limit=99999999999", "reverse=true"],
  ...["sort=age", "sort=bytes", "sort=rate", "sort=roundTrip", "sort=__proto__", "worker=0"],
  ...["worker=65536", "source=127.0.0.0/8", "source=::/0", "source=10.0.0.1/8", "state=open"],
  ...["path=/chat/*", "path=*", "subprotocol=", "key=x", "flagged=true", "payload=true"],
  ...["bytes=4096", "bytes=4097", "__proto__=1", "a=%ff", "limit=5&limit=6", "key=%5b::1%5d:1-x"],
  ...CURSORS.flatMap((cursor) => [`cursor=${cursor}`, `after=${cursor}`]),
];

const MATCHES = [
  ...[{}, { state: "open" }, { source: "127.0.0.0/16" }, { path: "/chat/*" }, { worker: 0 }],
  ...[{ key: KEYS[0] }, { key: "x" }, { subprotocol: "chat.v1" }, { stat: "open" }, [], null],
];

const VALUES = [
  ...[0, 1, 1000, 1005, 4000, 65_536, -1, 0.5, 2 ** 53, null, true, false, "", "close", "debug"],
  ...["x".repeat(124), "\u001b[2J", "\ud800", [], {}, ["a"]],
];

function randomBody(random: Random): unknown {
  if (random.oneIn(8)) return random.pick<unknown>(VALUES);
  const names = random.pick([
    ["match", "all", "code", "reason", "dryRun"],
    ["code", "reason"],
    ["deadline"],
    ["level"],
    [...LIMIT_NAMES],
    ["__proto__", "constructor", "toString"],
  ]);
  return Object.fromEntries(
    some(names, random.pick([1, 2, 4]), random).map((name) => [
      name,
      name === "match"
        ? random.pick<unknown>(MATCHES)
        : name === "all" && random.oneIn(2)
        ? true
        : random.pick<unknown>(VALUES),
    ]),
  );
}

/** A request to the ops port: a line with method, target and type of the body, then the body. */
export const admin: FuzzTarget = {
  name: "admin",
  make(random) {
    const [method = "", path = ""] = random.pick(ROUTES).split(" ");
    const query = random.oneIn(2) ? "" : `?${some(QUERIES, 4, random).join("&")}`;
    const type = random.oneIn(12) ? "text/plain" : "application/json";
    const isRead = ["GET", "HEAD", "OPTIONS"].includes(method);
    const body = isRead ? "" : JSON.stringify(randomBody(random));
    const target = path.replace("{key}", random.pick(KEYS)) + query;
    const request = bytesOf(`${method} ${target} ${type}\n${body}`);
    if (!isRead && random.oneIn(300)) {
      return bytesOf(`${method} ${target} ${type}\n${"[".repeat(70_000)}`);
    }
    return random.oneIn(3) ? mutate(request, random) : request;
  },
  async check(input, random) {
    const request = requestOf(input);
    if (request === undefined) return "no request";
    port ??= openPort();
    const { operations, app, faults } = port;
    await reset(operations, random);
    const caller: Caller = { peer: "127.0.0.1", address: "127.0.0.1:50000", host: "127.0.0.1" };
    const response = await app.fetch(request, caller);
    assertEquals(faults.splice(0), [], "A fault of our own");
    const text = await read(response);
    checkCalls(operations);
    const { status } = response;
    const type = response.headers.get("content-type") ?? "";
    if (type.startsWith("application/problem+json") && request.method !== "HEAD") {
      assert(PROBLEM_STATUSES.includes(status as 400) && status !== 500, `${status}`);
      const problem = JSON.parse(text);
      assertEquals([problem.type, problem.status], ["about:blank", status]);
      assert(text.length < 40_000, `${text.length} characters`);
    } else if (request.method !== "HEAD") {
      assert(status === 200 || (status === 503 && request.url.includes("/readyz")), `${status}`);
      if (type === "application/json") await followNext(JSON.parse(text), request);
    }
    return `${status}`;
  },
};

let port: ReturnType<typeof openPort> | undefined;

/** Puts the ops port together as it is served, but for the port. */
function openPort() {
  const operations = new FakeOperations();
  const faults: unknown[] = [];
  const fault = (error: unknown) => void faults.push(error);
  const token = new TokenCheck(undefined);
  const snapshots = new Snapshots(operations);
  const trail = new AuditTrail(() => {});
  const app = makeApp({
    endpoints: [
      ...probeEndpoints(snapshots, new LivePages({ snapshots, fault }), "1.2.3"),
      ...serverEndpoints(operations, snapshots, { get: () => "info", set: () => {} }),
      ...connectionEndpoints(operations, new TapStreams()),
    ],
    guard: { own: { hostname: "127.0.0.1" }, token, fault, trail },
    version: "1.2.3",
    file: dashboardFile,
  });
  return { operations, app, faults };
}

/** Makes everything as it was, so that each input can be repeated by itself. */
async function reset(operations: FakeOperations, random: Random): Promise<void> {
  operations.connections = fakeConnections(random.below(30));
  operations.phase = "serving";
  await operations.reconfigure({
    limits: Object.fromEntries([...LIMIT_NAMES].map((name) => [name, null])),
  });
  operations.calls.length = operations.taps.length = 0;
}

/** What gets through to the server is within its bounds, whatever was asked. */
function checkCalls({ calls }: FakeOperations): void {
  for (const { name, args: [query] } of calls) {
    if (name !== "query" && name !== "descriptors") continue;
    const { limit = 1, after = {} } = query as ConnectionQuery | DescriptorQuery;
    assert(Number.isInteger(limit) && limit >= 1 && limit <= 1_000, `${limit}`);
    const numbers: unknown[] = Object.values(after);
    assert(numbers.every(Number.isFinite), JSON.stringify(after));
  }
}

/** What the platform does not take for a request never gets to us. */
function requestOf(input: Uint8Array): Request | undefined {
  const end = input.indexOf(0x0a);
  const [method = "", target = "", ...type] = textOf(
    input.subarray(0, end < 0 ? input.length : end),
  )
    .split(" ");
  const body = end < 0 ? new Uint8Array(0) : input.slice(end + 1);
  try {
    return new Request(`http://127.0.0.1${target}`, {
      method,
      headers: { "content-type": type.join(" ") },
      ...body.length > 0 && !["GET", "HEAD"].includes(method) && { body },
    });
  } catch {
    return undefined;
  }
}

/** Reads the answer; a tap has no end, so it is left. */
async function read(response: Response): Promise<string> {
  const type = response.headers.get("content-type") ?? "";
  if (!/jsonl|event-stream/.test(type)) return await response.text();
  await response.body?.cancel();
  return "";
}

/** The next page begins behind this one. */
async function followNext(
  page: { next?: unknown; connections?: unknown; rows?: unknown },
  request: Request,
): Promise<void> {
  const { next } = page;
  if (typeof next !== "string") return;
  const url = new URL(request.url);
  url.searchParams.set(page.rows === undefined ? "cursor" : "after", next);
  const caller: Caller = { peer: "127.0.0.1", address: "127.0.0.1:50000", host: "127.0.0.1" };
  const response = await port!.app.fetch(new Request(url), caller);
  assertEquals(response.status, 200);
  const json = await response.json();
  const [first] = json.rows ?? json.connections;
  assert(first !== undefined, "The next page is empty");
  const seen = JSON.stringify(page.rows ?? page.connections);
  assert(!seen.includes(JSON.stringify(first)), "The next page begins in this one");
}
