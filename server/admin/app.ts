import { OpenAPIHono, z } from "@hono/zod-openapi";
import { type ApiEndpoint, endpoint, type Env, type Guard, mount } from "./endpoint.ts";
import { checkHost } from "./host_check.ts";
import { Problem, problemOf } from "./problem.ts";

/** What the ops port consists of. */
export interface AppOptions {
  /** What can be asked. */
  readonly endpoints: readonly ApiEndpoint[];
  /** Decides who may ask. */
  readonly guard: Guard;
  /** The server's version. */
  readonly version: string;
  /** The files of the dashboard: the one with that path, if there is one; 304 where it is known. */
  readonly file: (path: string, ifNoneMatch: string | null) => Response | undefined;
}

/**
 * Puts the ops port together: its routes, the description of its API, the files of the dashboard; a
 * problem for everything else.
 *
 * @param options What it consists of.
 * @returns The routes. They need the caller of each request as environment.
 */
export function makeApp({ endpoints, guard, version, file }: AppOptions): OpenAPIHono<Env> {
  const app = new OpenAPIHono<Env>();
  const all = [...endpoints, openApiEndpoint(() => document)];
  app.openAPIRegistry.registerComponent("securitySchemes", "token", {
    type: "http",
    scheme: "bearer",
  });
  for (const one of all) mount(app, one, guard);
  const document: object = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "Fourtuple ops port", version },
  });
  const patterns = all.map(({ method, path }) => ({
    method: method.toUpperCase(),
    pattern: new URLPattern({ pathname: path.replaceAll(/\{(\w+)\}/g, ":$1") }),
  }));

  app.notFound((context) => {
    const { method, url, headers } = context.req.raw;
    try {
      checkHost(context.env, headers, guard.own);
      const { pathname } = new URL(url);
      const found = file(pathname, headers.get("if-none-match"));
      const allowed = found === undefined
        ? patterns.filter(({ pattern }) => pattern.test({ pathname })).map((one) => one.method)
        : ["GET"];
      if (allowed.length === 0) throw new Problem(404, "There is nothing at this path");
      if (found !== undefined && (method === "GET" || method === "HEAD")) return found;
      const allow = allowed.flatMap((one) => one === "GET" ? [one, "HEAD"] : [one]).join(", ");
      throw new Problem(405, `Expected one of ${allow}`, { headers: { allow } });
    } catch (error) {
      return problemOf(error).response();
    }
  });
  app.onError((error) => {
    guard.fault(error);
    return problemOf(error).response();
  });
  return app;
}

function openApiEndpoint(document: () => object): ApiEndpoint {
  return endpoint({
    method: "get",
    path: "/openapi.json",
    summary: "This description",
    access: "anyone",
    answers: { "application/json": z.looseObject({ openapi: z.string() }) },
    run: () => Promise.resolve(document()),
  });
}
