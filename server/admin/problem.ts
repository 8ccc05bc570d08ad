import { jsonLine } from "../escape.ts";

/** One thing that is wrong with a request. */
export interface Fault {
  /** Where: `query.limit`, `body.match.source`. */
  readonly where: string;
  /** What was expected. */
  readonly message: string;
}

/** What a problem may say beyond its status and detail. */
export interface ProblemOptions {
  /** All that is wrong with the request. */
  readonly errors?: readonly Fault[];
  /** Header fields that the status asks for. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The statuses of problems, with the titles that HTTP gives them (RFC 9110 15, RFC 6585 4). */
const TITLES = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  421: "Misdirected Request",
  426: "Upgrade Required",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
} as const;

/** A status of a problem. */
export type ProblemStatus = keyof typeof TITLES;

/** All statuses of problems. */
export const PROBLEM_STATUSES: readonly ProblemStatus[] = Object.keys(TITLES)
  .map((status) => Number(status) as ProblemStatus);

/** Why a request is not answered with what it asks for. */
export class Problem extends Error {
  override readonly name = "Problem";
  /** The status of the answer. */
  readonly status: ProblemStatus;
  /** All that is wrong with the request. */
  readonly errors: readonly Fault[];
  readonly #headers: Readonly<Record<string, string>>;

  /**
   * @param status The status of the answer.
   * @param detail What went wrong, as a sentence for people.
   * @param options What there is to say beyond that.
   */
  constructor(status: ProblemStatus, detail: string, options: ProblemOptions = {}) {
    super(detail);
    this.status = status;
    this.errors = options.errors ?? [];
    this.#headers = options.headers ?? {};
  }

  /** What is said of the status in general. */
  get title(): string {
    return TITLES[this.status];
  }

  /** Writes it down as problem details (RFC 9457). */
  response(): Response {
    const { status, title, message: detail, errors } = this;
    // 3.1.1: "about:blank" says that there is no more to it than the status.
    const details = { type: "about:blank", title, status, detail };
    return jsonResponse(errors.length === 0 ? details : { ...details, errors }, {
      status,
      headers: { ...this.#headers, "content-type": "application/problem+json" },
    });
  }
}

/**
 * Makes a problem of whatever was thrown.
 *
 * @param error It.
 * @returns The problem, which tells the client nothing of a fault of ours.
 */
export function problemOf(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(500, "The server met a fault of its own");
}

/**
 * Answers with JSON that no terminal acts on, as `curl` shows it on one.
 *
 * @param value What JSON can hold.
 * @param init Status and header fields.
 */
export function jsonResponse(value: unknown, init: ResponseInit = {}): Response {
  const headers = { "content-type": "application/json", ...init.headers };
  return new Response(jsonLine(value), { ...init, headers });
}
