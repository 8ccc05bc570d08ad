/**
 * Asks the ops port of a running server: what all commands share that look into one.
 *
 * @module
 */

import type {
  CloseOrder,
  CloseOutcome,
  ConnectionFilter,
  ConnectionQuery,
  DrainProgress,
  HostDescription,
  OperatedDescription,
  Snapshot,
  TapEvent,
} from "../../operations/operations.ts";
import { readBounded, readLines } from "../terminal/bounded_read.ts";
import { firstLine } from "../terminal/problems.ts";
import {
  type Answer,
  CLOSED,
  CONNECTIONS,
  type ConnectionsAnswer,
  DESCRIPTION,
  DRAIN,
  FDS,
  type FdsAnswer,
  HOST,
  PROBLEM,
  SNAPSHOT,
  TAP_EVENT,
} from "./admin_answers.ts";
import type { AdminAccess } from "./admin_options.ts";

/** An answer may take so many milliseconds. */
const DEADLINE = 10_000;

/** One that closes connections, or looks at every descriptor, takes longer with very many. */
const LONG_DEADLINE = 60_000;

/** An answer has at most so many bytes: 1,000 records with a target of 8 KiB each, and some room. */
const MAX_BYTES = 32 * 2 ** 20;

/** A line of a tap has at most so many bytes: 4,096 of payload as hex and as escaped text, and some room. */
const MAX_LINE_BYTES = 65_536;

/** What keeps the ops port from doing what was asked. */
export class AdminError extends Error {
  override name = "AdminError";
  /** The exit code that says so: 1 it failed, 2 it was asked for the impossible, 3 there is no way in. */
  readonly exitCode: 1 | 2 | 3;
  /** Whether there was no answer in time, which may be otherwise at the next question. */
  readonly late: boolean;
  /** Whether what was asked about is not there. */
  readonly missing: boolean;

  /**
   * @param message One line, which may hold text of others: escape it before showing it.
   * @param exitCode The exit code.
   * @param kind What else is known of it.
   */
  constructor(message: string, exitCode: 1 | 2 | 3, kind?: "late" | "missing") {
    super(message);
    this.exitCode = exitCode;
    this.late = kind === "late";
    this.missing = kind === "missing";
  }
}

/** Which page of the descriptors is wanted. */
export interface FdsQuery {
  /** Where the page before ended. */
  readonly after?: string;
  /** The most rows. */
  readonly limit?: number;
  /** Only rows with a flag. */
  readonly flagged?: boolean;
}

/** What is sent with a request. */
interface Sent {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly deadline?: number;
}

/** The ops port of one server. Every method throws {@linkcode AdminError} where it does not answer well. */
export class AdminClient {
  readonly #url: URL;
  readonly #token: string | undefined;
  readonly #signals: readonly AbortSignal[];

  /**
   * @param access Where it is.
   * @param signal Gives up what is under way.
   */
  constructor({ url, token }: AdminAccess, signal?: AbortSignal) {
    this.#url = url;
    this.#token = token;
    this.#signals = signal === undefined ? [] : [signal];
  }

  /** The same port, where what is under way is given up at a signal. */
  until(signal: AbortSignal): AdminClient {
    const token = this.#token;
    return new AdminClient({ url: this.#url, ...token !== undefined && { token } }, signal);
  }

  /** Its address, for people: `127.0.0.1:6455`. */
  get place(): string {
    return this.#url.host + this.#url.pathname.slice(0, -1);
  }

  /** Takes a snapshot. */
  snapshot(): Promise<Snapshot> {
    return this.#ask("GET", "snapshot", SNAPSHOT);
  }

  /** Tells what the host allows. */
  host(): Promise<HostDescription> {
    return this.#ask("GET", "host", HOST);
  }

  /**
   * Lists connections.
   *
   * @param query Which, and in which order.
   * @param cursor Where the page before ended.
   */
  connections(
    query: Omit<ConnectionQuery, "after" | "keys">,
    cursor?: string,
  ): Promise<ConnectionsAnswer> {
    return this.#ask("GET", "connections", CONNECTIONS, { query: { ...query, cursor } });
  }

  /** Looks one connection up, in the kernel too. */
  describe(key: string): Promise<OperatedDescription> {
    return this.#ask("GET", `connections/${encodeURIComponent(key)}`, DESCRIPTION);
  }

  /** Closes one connection. */
  closeOne(key: string, body: Pick<CloseOrder, "code" | "reason">): Promise<CloseOutcome> {
    return this.#ask("POST", `connections/${encodeURIComponent(key)}/close`, CLOSED, { body });
  }

  /**
   * Closes all connections that match.
   *
   * @param match The conditions; without any, all connections.
   * @param order How they are closed.
   */
  closeMatching(match: ConnectionFilter, order: CloseOrder): Promise<CloseOutcome> {
    const some = Object.keys(match).length > 0;
    const body = { ...some ? { match } : { all: true }, ...order };
    return this.#ask("POST", "connections/close", CLOSED, { body, deadline: LONG_DEADLINE });
  }

  /** Lists descriptors. */
  fds(query: FdsQuery): Promise<FdsAnswer> {
    return this.#ask("GET", "fds", FDS, { query: { ...query }, deadline: LONG_DEADLINE });
  }

  /**
   * Begins to drain.
   *
   * @param deadline After this many milliseconds what is left is cut; the server's default without.
   */
  drain(deadline?: number): Promise<DrainProgress> {
    return this.#ask("POST", "drain", DRAIN, { body: deadline === undefined ? {} : { deadline } });
  }

  /** Tells how far a drain is. */
  drainProgress(): Promise<DrainProgress> {
    return this.#ask("GET", "drain", DRAIN);
  }

  /**
   * Shows the frames of one connection, until it is over.
   *
   * @param key Its 4-tuple.
   * @param payloadBytes How many bytes of each payload; none where it is 0.
   * @param signal Ends it, without an error.
   */
  async *tap(key: string, payloadBytes: number, signal: AbortSignal): AsyncGenerator<TapEvent> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new DOMException("late", "TimeoutError")), DEADLINE);
    try {
      const query = payloadBytes > 0 ? { payload: true, bytes: payloadBytes } : {};
      const path = `connections/${encodeURIComponent(key)}/tap`;
      const either = AbortSignal.any([signal, late.signal]);
      const response = await this.#fetch("GET", path, { query }, either, "application/jsonl");
      clearTimeout(timer);
      for await (const line of readLines(response, MAX_LINE_BYTES)) {
        yield this.#read(TAP_EVENT, line);
      }
    } catch (error) {
      if (!signal.aborted) throw this.#describe(error, DEADLINE);
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask<T>(
    method: "GET" | "POST",
    path: string,
    answer: Answer<T>,
    sent: Sent = {},
  ): Promise<T> {
    const { deadline = DEADLINE } = sent;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new DOMException("late", "TimeoutError")), deadline);
    try {
      const signal = AbortSignal.any([late.signal, ...this.#signals]);
      const response = await this.#fetch(method, path, sent, signal, "application/json");
      return this.#read(answer, await readBounded(response, MAX_BYTES));
    } catch (error) {
      throw this.#describe(error, deadline);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a request; resolves when it has succeeded, with the answer's body unread. */
  async #fetch(
    method: "GET" | "POST",
    path: string,
    { query = {}, body }: Sent,
    signal: AbortSignal,
    type: string,
  ): Promise<Response> {
    const url = new URL(`api/v1/${path}`, this.#url);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== false) url.searchParams.set(name, String(value));
    }
    const response = await fetch(url, {
      method,
      signal,
      // The token is for this port and nobody it may point to.
      redirect: "manual",
      headers: {
        accept: type,
        ...this.#token !== undefined && { authorization: `Bearer ${this.#token}` },
        ...body !== undefined && { "content-type": "application/json" },
      },
      ...body !== undefined && { body: JSON.stringify(body) },
    });
    const [received = ""] = (response.headers.get("content-type") ?? "").split(/\s*;/);
    if (response.ok && received === type) return response;
    if (received === "application/problem+json") throw await this.#problemOf(response);
    await response.body?.cancel();
    throw this.#stranger(`expected ${type}, received ${response.status} ${received}`.trimEnd());
  }

  async #problemOf(response: Response): Promise<AdminError> {
    const { title, detail, errors = [] } = this.#read(
      PROBLEM,
      await readBounded(response, MAX_BYTES),
    );
    const { status } = response;
    const what = detail ?? title ?? `status ${status}`;
    const all = [what, ...errors.map(({ where, message }) => `${where}: ${message}`)].join("; ");
    if (status === 401) {
      return new AdminError(
        this.#token === undefined
          ? `The ops port at ${this.place} wants a token: give --token, --token-file or ` +
            "FOURTUPLE_ADMIN_TOKEN"
          : `The ops port at ${this.place} does not take this token`,
        3,
      );
    }
    if (status === 403 || status === 421) {
      return new AdminError(`The ops port at ${this.place} refuses: ${all}`, 3);
    }
    if (status === 404) return new AdminError(all, 1, "missing");
    return new AdminError(all, status === 400 ? 2 : 1);
  }

  /** Reads JSON and checks it. */
  #read<T>(answer: Answer<T>, text: string): T {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      throw this.#stranger("its answer is not JSON");
    }
    const read = answer.read(json);
    if ("problem" in read) throw this.#stranger(`unexpected answer: ${read.problem}`);
    return read.value;
  }

  #stranger(problem: string): AdminError {
    return new AdminError(
      `What answers at ${this.place} is no ops port of this release: ${problem}`,
      3,
    );
  }

  /** Makes what fetch() throws one line that says what to do. */
  #describe(error: unknown, deadline: number): unknown {
    if (error instanceof AdminError || error instanceof Deno.errors.NotCapable) return error;
    const start = `Cannot reach the ops port at ${this.place}`;
    if (error instanceof DOMException && error.name === "TimeoutError") {
      return new AdminError(`${start}: no answer within ${deadline / 1000} s`, 3, "late");
    }
    if (error instanceof RangeError) return this.#stranger(error.message);
    // fetch() names the request, and then each cause after a colon, the system's words last.
    const message = firstLine(error instanceof Error && error.cause || error);
    if (/refused/i.test(message)) {
      return new AdminError(
        `${start}: connection refused. Is there a server, started with --admin ${this.place}?`,
        3,
      );
    }
    const reason = message.split(": ").at(-1)!;
    return new AdminError(`${start}: ${reason}`, 3);
  }
}
