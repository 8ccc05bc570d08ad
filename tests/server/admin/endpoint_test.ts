import { assertEquals } from "@std/assert";
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { type AuditEntry, AuditTrail } from "../../../server/admin/audit.ts";
import { TokenCheck } from "../../../server/admin/auth.ts";
import {
  type ApiEndpoint,
  endpoint,
  type EndpointOptions,
  type Env,
  mount,
} from "../../../server/admin/endpoint.ts";
import { Problem } from "../../../server/admin/problem.ts";
import { TOKEN } from "../../helpers/ops_port.ts";

const CALLER = { peer: "127.0.0.1", address: "127.0.0.1:5", host: "127.0.0.1:6455" };

/** One endpoint, and what became of what it was asked. */
class Mounted {
  readonly audits: AuditEntry[] = [];
  readonly faults: unknown[] = [];
  readonly app = new OpenAPIHono<Env>();

  constructor(one: ApiEndpoint, token?: string) {
    mount(this.app, one, {
      own: { hostname: "127.0.0.1" },
      token: new TokenCheck(token),
      trail: new AuditTrail((entry) => this.audits.push(entry)),
      fault: (error) => void this.faults.push(error),
    });
  }

  async ask(path: string, init?: RequestInit, caller = CALLER) {
    const request = new Request(`http://127.0.0.1:6455${path}`, init);
    const response = await this.app.fetch(request, caller);
    // deno-lint-ignore no-explicit-any -- a test knows what it has asked for
    const json: any = await response.json();
    return { status: response.status, headers: response.headers, json };
  }
}

const REPEAT = {
  method: "post",
  path: "/repeat/{name}",
  summary: "Says what it was told",
  action: "connections.ping",
  params: z.strictObject({ name: z.string().max(3) }),
  query: z.strictObject({ times: z.string().optional() }),
  body: z.strictObject({ text: z.string() }),
  answers: { "application/json": z.object({}) },
  run: ({ params, query, body }) => Promise.resolve({ params, query, body }),
} satisfies EndpointOptions<object, object, object, object>;

function post(text: string, headers: Record<string, string> = {}): RequestInit {
  return {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: text,
  };
}

Deno.test("mount() hands the parameters over, and writes down what was done", async () => {
  const mounted = new Mounted(endpoint(REPEAT));
  const { status, json } = await mounted.ask("/repeat/a%62c?times=2", post('{"text":"x"}'));
  assertEquals([status, json], [200, {
    params: { name: "abc" },
    query: { times: "2" },
    body: { text: "x" },
  }]);
  const [entry] = mounted.audits;
  assertEquals({ ...entry, at: undefined }, {
    at: undefined,
    who: { address: "127.0.0.1:5", token: "none" },
    action: "connections.ping",
    target: { name: "abc", times: "2", text: "x" },
    outcome: "done",
    result: json,
  });
});

Deno.test("mount() names all faults of a request at once, and writes it down as refused", async () => {
  const mounted = new Mounted(endpoint(REPEAT));
  const path = "/repeat/abcd?times=1&times=2&tims=3";
  const { status, json } = await mounted.ask(path, post('{"text":1,"txt":2}'));
  assertEquals(status, 400);
  assertEquals(json.errors.map(({ where }: { where: string }) => where), [
    "path.name",
    "query.times",
    "query.tims",
    "body.text",
    "body.txt",
  ]);
  assertEquals(mounted.audits.map(({ outcome }) => outcome), ["refused"]);
});

Deno.test("mount() bounds what it says about faults", async () => {
  const mounted = new Mounted(endpoint(REPEAT));
  const fields = Array.from({ length: 500 }, (_, i) => `"${"x".repeat(100)}${i}":1`);
  const { json } = await mounted.ask("/repeat/a", post(`{${fields.join()}}`));
  assertEquals(json.errors.length, 32);
  assertEquals(json.errors[5].where.length, "body.".length + 64);
});

Deno.test("mount() refuses any query where none is expected", async () => {
  const { query: _, ...rest } = REPEAT;
  const mounted = new Mounted(endpoint({ ...rest, run: () => Promise.resolve({}) }));
  const { status, json } = await mounted.ask("/repeat/a?x=1", post('{"text":""}'));
  assertEquals([status, json.errors], [400, [{ where: "query.x", message: "No such field" }]]);
});

Deno.test("mount() wants the token, and tells a wrong one from none", async () => {
  const mounted = new Mounted(endpoint(REPEAT), TOKEN);
  const ask = (headers?: Record<string, string>) =>
    mounted.ask("/repeat/a", post('{"text":""}', headers));
  const none = await ask();
  assertEquals([none.status, none.headers.get("www-authenticate")], [401, "Bearer"]);
  const wrong = await ask({ authorization: "Bearer x" });
  assertEquals(wrong.status, 401);
  assertEquals(wrong.headers.get("www-authenticate"), 'Bearer error="invalid_token"');
  assertEquals((await ask({ authorization: `Bearer ${TOKEN}` })).status, 200);
  assertEquals(mounted.audits.map(({ who, outcome }) => `${who.token} ${outcome}`), [
    "none refused",
    "wrong refused",
    "valid done",
  ]);
  // What it was about is known all the same.
  assertEquals(mounted.audits[0]!.target, { name: "a" });
});

Deno.test("mount() writes a wrong token down, also of what only reads", async () => {
  const { action: _, body: __, ...rest } = REPEAT;
  const run = () => Promise.resolve({});
  const mounted = new Mounted(endpoint({ ...rest, method: "get", run }), TOKEN);
  const ask = (headers: Record<string, string>) => mounted.ask("/repeat/a", { headers });
  for (const headers of [{}, { authorization: `Bearer ${TOKEN}` }]) await ask(headers);
  assertEquals(mounted.audits, []);
  assertEquals((await ask({ authorization: "Bearer x" })).status, 401);
  assertEquals((await ask({ "sec-websocket-protocol": "token.eA" })).status, 401);
  assertEquals(
    mounted.audits.map(({ who, action, target, outcome }) => [who.token, action, target, outcome]),
    [
      ["wrong", "access", { name: "a", path: "/repeat/{name}" }, "refused"],
      ["wrong", "access", { name: "a", path: "/repeat/{name}" }, "refused"],
    ],
  );
});

Deno.test("mount() says what was expected in words of its own, once for each field", async () => {
  const body = z.strictObject({ text: z.int().min(0).max(9).optional(), more: z.boolean() });
  const mounted = new Mounted(endpoint({ ...REPEAT, body, run: () => Promise.resolve({}) }));
  const { json } = await mounted.ask("/repeat/a", post('{"text":1e400,"more":1}'));
  assertEquals(json.errors, [
    { where: "body.text", message: "Expected a number" },
    { where: "body.more", message: "Expected true or false" },
  ]);
  const many = await mounted.ask("/repeat/a", post('{"text":-0.5,"more":true}'));
  assertEquals(many.json.errors, [{ where: "body.text", message: "Expected an integer" }]);
});

Deno.test("mount() refuses other hosts, and pages of other origins", async () => {
  const mounted = new Mounted(endpoint(REPEAT));
  const other = { ...CALLER, host: "evil.example" };
  assertEquals((await mounted.ask("/repeat/a", post('{"text":""}'), other)).status, 421);
  const page = post('{"text":""}', { origin: "http://evil.example" });
  assertEquals((await mounted.ask("/repeat/a", page)).status, 403);
  assertEquals(mounted.audits.map(({ outcome }) => outcome), ["refused", "refused"]);
});

Deno.test("mount() lets anyone ask what anyone may, but not by another host", async () => {
  const mounted = new Mounted(endpoint({ ...REPEAT, access: "anyone" }), TOKEN);
  const page = post('{"text":""}', { origin: "http://evil.example" });
  assertEquals((await mounted.ask("/repeat/a", page)).status, 200);
  const other = { ...CALLER, host: "evil.example" };
  assertEquals((await mounted.ask("/repeat/a", page, other)).status, 421);
});

Deno.test("mount() hides a fault of ours from the client, and tells the operator", async () => {
  const bug = new Error("secret");
  const mounted = new Mounted(endpoint({ ...REPEAT, run: () => Promise.reject(bug) }));
  const { status, json } = await mounted.ask("/repeat/a", post('{"text":""}'));
  assertEquals([status, JSON.stringify(json).includes("secret")], [500, false]);
  assertEquals(mounted.faults, [bug]);
  assertEquals([mounted.audits[0]!.outcome, mounted.audits[0]!.result], ["failed", "secret"]);
});

Deno.test("mount() answers with a problem that the endpoint throws", async () => {
  const run = () => Promise.reject(new Problem(404, "Gone"));
  const mounted = new Mounted(endpoint({ ...REPEAT, run }));
  const { status, json } = await mounted.ask("/repeat/a", post('{"text":""}'));
  assertEquals([status, json.detail, mounted.faults], [404, "Gone", []]);
});
