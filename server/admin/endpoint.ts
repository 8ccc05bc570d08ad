import type { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { AuditAction, AuditCaller, AuditTrail } from "./audit.ts";
import type { TokenCheck, TokenUse } from "./auth.ts";
import { problemSchema } from "./answer_schemas.ts";
import { readJson } from "./body.ts";
import { expectation } from "./expectation.ts";
import {
  type Caller,
  checkHost,
  checkOrigin,
  checkSite,
  isFirstHand,
  type OwnHosts,
} from "./host_check.ts";
import { type Fault, jsonResponse, Problem, problemOf } from "./problem.ts";

/** The environment of the routes. */
export interface Env {
  Bindings: Caller;
}

/** A request whose parameters have been read. */
export interface Input<Params, Query, Body> {
  /** What stands in the path. */
  readonly params: Params;
  /** What stands behind the `?`. */
  readonly query: Query;
  /** What the body says. */
  readonly body: Body;
  /** The request; its body was read. */
  readonly request: Request;
  /**
   * Writes to the audit log at once that it is done, with what is known so far: where the answer takes
   * long, and the process may be gone by then.
   */
  readonly begun: (result: object) => void;
}

/** Tells what a request is; asked again when its body, if there is one, was read. */
type ActionOf<Body> = (request: Request, body?: Body) => AuditAction | undefined;

/** One thing that the ops port can be asked, and all there is to know about it. */
export interface EndpointOptions<Params, Query, Body, Answer> {
  readonly method: "get" | "post" | "put" | "patch";
  /** The path, with parameters in braces. */
  readonly path: string;
  /** What it does, for the description of the API. */
  readonly summary: string;
  /**
   * Who may ask: anyone, by whatever name; anyone by one of ours; or whoever has the token, where there
   * is one, and no page from elsewhere.
   *
   * @default "token"
   */
  readonly access?: "by-any-name" | "anyone" | "token";
  /** As what it is written to the audit log; absent when it does nothing. */
  readonly action?: AuditAction | ActionOf<Body>;
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  /** The schemas of the answer by media type; none where the protocol is switched. */
  readonly answers: Readonly<Record<string, z.ZodType>>;
  /** What it answers: data that become JSON, or a response as it is. */
  run(input: Input<Params, Query, Body>): Promise<Answer | Response>;
}

/** An endpoint whose parameters are nobody else's business. */
export type ApiEndpoint = EndpointOptions<unknown, unknown, unknown, object>;

/**
 * Describes an endpoint. All it does is to have the types of its parameters follow from the schemas.
 *
 * @param options The endpoint.
 */
export function endpoint<Params, Query, Body, Answer extends object>(
  options: EndpointOptions<Params, Query, Body, Answer>,
): ApiEndpoint {
  return options as unknown as ApiEndpoint;
}

/** What guards the endpoints. */
export interface Guard {
  /** The names that the ops port has. */
  readonly own: OwnHosts;
  readonly token: TokenCheck;
  readonly trail: AuditTrail;
  /** Is told what went wrong on our side. */
  readonly fault: (error: unknown) => void;
}

/**
 * Has an endpoint answer, behind all that guards it, and puts it into the description of the API.
 *
 * @param app Gets the route.
 * @param options The endpoint.
 * @param guard Decides who may ask.
 */
export function mount(app: OpenAPIHono<Env>, options: ApiEndpoint, guard: Guard): void {
  app.openAPIRegistry.registerPath(describe(options, guard.token.isNeeded));
  const path = options.path.replaceAll(/\{(\w+)\}/g, ":$1");
  app.on(options.method.toUpperCase(), path, (context) => answer(context, options, guard));
}

async function answer(
  context: Context<Env>,
  options: ApiEndpoint,
  guard: Guard,
): Promise<Response> {
  const request = context.req.raw;
  const { token } = guard;
  const who: AuditCaller = {
    address: context.env.address,
    token: token.use(request.headers),
  };
  const actionOf = (body?: object) =>
    typeof options.action === "function" ? options.action(request, body) : options.action;
  let action = actionOf();
  // Who was refused meant some connection all the same.
  const target: object = { ...options.params?.safeParse(context.req.param()).data ?? {} };
  let isTold = false;
  const done = (result: object) => {
    if (action === undefined || isTold) return;
    isTold = true;
    guard.trail.record({ who, action, target, outcome: "done", result });
  };
  try {
    const { access = "token" } = options;
    if (access === "token" && token.isNeeded && who.token !== "valid") {
      if (who.token === "wrong" && action === undefined) {
        action = "access";
        Object.assign(target, { path: options.path });
      }
      throw unauthorized(who);
    }
    checkSource(context.env, request.headers, access, who.token, guard.own);
    const input = await read(context, options);
    action = actionOf(input.body);
    Object.assign(target, input.params, input.query, input.body);
    const result = await options.run({ ...input, request, begun: done });
    const response = result instanceof Response ? result : jsonResponse(result);
    done(result instanceof Response ? {} : { ...result });
    return response;
  } catch (error) {
    const problem = problemOf(error);
    if (!(error instanceof Problem)) guard.fault(error);
    if (action !== undefined) {
      const outcome = problem.status < 500 ? "refused" : "failed";
      guard.trail.record({ who, action, target, outcome, result: reasonOf(error) });
    }
    return problem.response();
  }
}

/** Refuses what came by a name that is not ours, or from a page that is not. */
function checkSource(
  caller: Caller,
  headers: Headers,
  access: ApiEndpoint["access"],
  token: TokenUse,
  own: OwnHosts,
): void {
  if (access === "by-any-name") return;
  if (access === "token") checkSite(headers);
  if (isFirstHand(headers, token)) return;
  checkHost(caller, headers, own);
  if (access === "token") checkOrigin(caller, headers, own);
}

/** The operator may know what the client may not. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Problem)) return error instanceof Error ? error.message : String(error);
  const faults = error.errors.map(({ where, message }) => `${where}: ${message}`);
  return faults.length === 0 ? error.message : `${error.message}: ${faults.join("; ")}`;
}

function unauthorized({ token }: AuditCaller): Problem {
  // RFC 6750 3: a code only where a token was sent.
  const challenge = token === "none" ? "Bearer" : 'Bearer error="invalid_token"';
  return new Problem(401, "Expected the ops port's token as Authorization: Bearer", {
    headers: { "www-authenticate": challenge },
  });
}

/** Reads all parameters; what is wrong with them is named all at once. */
async function read(
  context: Context<Env>,
  { params, query, body }: ApiEndpoint,
): Promise<Omit<Input<object, object, object>, "request" | "begun">> {
  const search = new URL(context.req.url).searchParams;
  // Refused by its type before the rest is looked at, as the rest is nobody's business then.
  const json = body && await readJson(context.req.raw);
  const faults: Fault[] = [];
  const input = {
    params: parse("path", params, context.req.param(), faults),
    query: parse("query", query, parameters(search), faults),
    body: parse("body", body, json, faults),
  };
  if (faults.length > 0) {
    throw new Problem(400, "The request has faults", { errors: faults.slice(0, MAX_FAULTS) });
  }
  return input;
}

/** More faults than anybody mends at once. */
const MAX_FAULTS = 32;

/** Each parameter once; one that is given twice becomes a list, which no schema takes. */
function parameters(search: URLSearchParams): Record<string, string | string[]> {
  const names = [...new Set(search.keys())];
  return Object.fromEntries(names.map((name) => {
    const values = search.getAll(name);
    return [name, values.length === 1 ? values[0]! : values];
  }));
}

function parse(
  where: string,
  schema: z.ZodType | undefined,
  value: unknown,
  faults: Fault[],
): object {
  if (schema === undefined) {
    const names = where === "query" ? Object.keys(value as object) : [];
    faults.push(...names.map((name) => unknownField(where, name)));
    return {};
  }
  const { data, error } = schema.safeParse(value, { error: expectation });
  if (error === undefined) return data as object;
  const places = new Set<string>();
  for (const issue of error.issues) {
    const place = [where, ...issue.path.map(String)].join(".");
    if (issue.code === "unrecognized_keys") {
      faults.push(...issue.keys.map((name) => unknownField(place, name)));
    } else if (!places.has(place)) {
      // Each field has one fault, however many ways there are to put it.
      places.add(place);
      faults.push({ where: place, message: issue.message });
    }
  }
  return {};
}

function unknownField(where: string, name: string): Fault {
  return { where: `${where}.${name.slice(0, 64)}`, message: "No such field" };
}

type RouteDescription = Parameters<OpenAPIHono["openAPIRegistry"]["registerPath"]>[0];

function describe(options: ApiEndpoint, needsToken: boolean): RouteDescription {
  const { method, path, summary, access = "token", params, query, body, answers } = options;
  const content = Object.fromEntries(
    Object.entries(answers).map(([type, schema]) => [type, { schema }]),
  );
  return {
    method,
    path,
    summary,
    ...needsToken && access === "token" && { security: [{ token: [] }] },
    request: {
      ...params && { params: params as z.ZodObject },
      ...query && { query: query as z.ZodObject },
      ...body && { body: { required: true, content: { "application/json": { schema: body } } } },
    },
    responses: {
      ...Object.keys(content).length === 0
        ? { 101: { description: "The protocol is switched to WebSocket" } }
        : { 200: { description: "The answer", content } },
      default: {
        description: "Why there is none",
        content: { "application/problem+json": { schema: problemSchema } },
      },
    },
  };
}
