import { type Admin, type AdminOptions, startAdmin } from "../../server/admin/admin.ts";
import type { AuditEntry } from "../../server/admin/audit.ts";
import type { LogLevel } from "../../server/admin/server_endpoints.ts";
import { Events } from "./events.ts";
import { FakeOperations } from "./fake_operations.ts";
import { LogBook } from "./log_book.ts";
import { RawClient, type RawResponse } from "./raw_client.ts";

/** A token for tests. */
export const TOKEN = "a token of made-up words".replaceAll(" ", "-");

/** What a request is to have beside its path. */
export interface Asked {
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** An answer, read. */
// deno-lint-ignore no-explicit-any -- a test knows what it has asked for
export type Answered = { status: number; headers: Headers; json: any };

/** An ops port over made-up operations. */
export class OpsPort implements AsyncDisposable {
  readonly operations: FakeOperations;
  readonly book = new LogBook();
  readonly audits = new Events<AuditEntry>();
  readonly admin: Admin;
  readonly token: string | undefined;
  level: LogLevel = "info";

  constructor(
    { operations = new FakeOperations(), token, ...names }:
      & { operations?: FakeOperations; token?: string }
      & Pick<AdminOptions, "hosts" | "trustedProxies"> = {},
  ) {
    this.operations = operations;
    this.token = token;
    this.admin = startAdmin({
      hostname: "127.0.0.1",
      port: 0,
      ...names,
      ...token !== undefined && { token },
      operations,
      log: this.book.log,
      audit: this.audits.push,
      logLevel: { get: () => this.level, set: (level) => void (this.level = level) },
      version: "1.2.3",
    });
  }

  /** Asks, with the token when there is one. */
  async ask(path: string, { method, body, headers }: Asked = {}): Promise<Answered> {
    const response = await fetch(`${this.admin.url}${path}`, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: {
        ...this.token !== undefined && { authorization: `Bearer ${this.token}` },
        ...body !== undefined && { "content-type": "application/json" },
        ...headers,
      },
      ...body !== undefined && { body: JSON.stringify(body) },
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    const json = isJson && text !== "" ? JSON.parse(text) : text;
    return { status: response.status, headers: response.headers, json };
  }

  /** Sends the lines of a head as they are, and perhaps a body. */
  async askRaw(lines: readonly string[], body = ""): Promise<RawResponse> {
    using client = await RawClient.connect(this.admin.addr);
    await client.sendHead([...lines, "Connection: close"]);
    if (body !== "") await client.send(body);
    return await client.response();
  }

  /** The status that a request with these lines gets. */
  async statusOf(...lines: string[]): Promise<number> {
    return (await this.askRaw(lines)).status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.admin.close();
  }
}
