/** The answer of a server that did not accept the handshake. */
export interface RefusedHandshake {
  /** The HTTP status. */
  readonly status: number;
  /** The words after it; they come from the server: escape them before showing them. */
  readonly statusText: string;
  /** The headers of the answer. */
  readonly headers: Headers;
  /** The beginning of its body, at most 4 KiB, as text. */
  readonly body: string;
}

/** RFC 9110 15.5: what a deploy, a lock, a load balancer or patience may change. */
const MAY_CHANGE: ReadonlySet<number> = new Set([404, 408, 409, 421, 423, 425, 429]);

/** Says why there is no connection. */
export class ConnectError extends Error {
  /** The server's answer; absent where there was none in HTTP. */
  readonly answer: RefusedHandshake | undefined;

  /**
   * Makes the error.
   *
   * @param message The failure; nothing in it comes from the server unescaped.
   * @param options The answer, and what was thrown.
   */
  constructor(message: string, options: { answer?: RefusedHandshake; cause?: unknown } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : {});
    this.name = "ConnectError";
    this.answer = options.answer;
  }

  /** The HTTP status of the answer; absent where there was none. */
  get status(): number | undefined {
    return this.answer?.status;
  }

  /**
   * Whether the server has found fault with the request itself, so that the same one will be refused
   * again: an answer from 400 to 499 but those that another time, or another server behind the same
   * name, may take back, such as 404, 408 and 429.
   */
  get final(): boolean {
    const { status = 0 } = this;
    return status >= 400 && status <= 499 && !MAY_CHANGE.has(status);
  }

  /** How long the server asks to be left alone, in milliseconds (RFC 9110 10.2.3); absent where it does not. */
  get retryAfter(): number | undefined {
    const value = this.answer?.headers.get("retry-after")?.trim();
    if (value === undefined || value === "") return undefined;
    if (/^[0-9]+$/.test(value)) return Number(value) * 1000;
    const date = Date.parse(value);
    return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
  }
}
