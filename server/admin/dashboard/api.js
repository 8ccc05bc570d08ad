// Requests to the ops port. Where it wants a token, the reader is asked for it once; the browser
// keeps it until the tab is closed.

import { ask, field } from "./dialog.js";
import { make } from "./dom.js";

const TOKEN_KEY = "fourtuple.token";

/** What the ops port answered instead of what was asked for. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {number} status That of HTTP; 0 where there was no answer.
   */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** The ops port. */
export class Api {
  /** @type {string | undefined} */
  #token = stored();
  /** @type {Promise<void> | undefined} The dialog that stands. */
  #asking;
  /** Whether the reader would not give one: then it is not asked for at each request. */
  #isDeclined = false;

  /** What was given to get in, if anything was. */
  get token() {
    return this.#token;
  }

  /** Lets the reader be asked again. */
  allowAsking() {
    this.#isDeclined = false;
  }

  /**
   * Reads something.
   *
   * @param {string} path Below `/api/v1/`.
   * @param {AbortSignal} [signal]
   * @returns {Promise<any>} What was answered.
   * @throws {ApiError} When it was refused.
   */
  async get(path, signal) {
    return (await this.request("GET", path, { signal })).json();
  }

  /**
   * Has something done.
   *
   * @param {"POST" | "PUT" | "PATCH"} method
   * @param {string} path Below `/api/v1/`.
   * @param {unknown} body
   * @returns {Promise<any>} What was answered.
   * @throws {ApiError} When it was refused.
   */
  async act(method, path, body) {
    return (await this.request(method, path, { body })).json();
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {{ body?: unknown, signal?: AbortSignal | undefined }} [options]
   * @returns {Promise<Response>}
   */
  async request(method, path, { body, signal } = {}) {
    for (;;) {
      const token = this.#token;
      /** @type {RequestInit} */
      const init = {
        method,
        cache: "no-store",
        headers: {
          ...token !== undefined && { authorization: `Bearer ${token}` },
          ...body !== undefined && { "content-type": "application/json" },
        },
        ...body !== undefined && { body: JSON.stringify(body) },
        ...signal !== undefined && { signal },
      };
      const response = await send(new URL(`api/v1/${path}`, document.baseURI), init);
      if (response.ok) return response;
      const problem = await readProblem(response);
      if (response.status !== 401 || this.#isDeclined) throw new ApiError(problem, response.status);
      // Another request may have asked for the token meanwhile.
      if (token === this.#token) await (this.#asking ??= this.#ask(token !== undefined));
    }
  }

  /** @param {boolean} again Whether one was given, and is wrong. */
  async #ask(again) {
    try {
      const values = await ask({
        title: "This ops port needs a token",
        body: [
          make(
            "p",
            {},
            again
              ? "That one was not right."
              : "It is what the server was given with --admin-token.",
          ),
          field("Token", {
            name: "token",
            type: "password",
            autocomplete: "current-password",
            required: true,
            autofocus: true,
          }),
        ],
        yes: "Go on",
      });
      if (values === undefined) {
        this.#isDeclined = true;
        throw new ApiError("This ops port needs a token", 401);
      }
      this.#token = String(values.get("token")).trim();
      try {
        sessionStorage.setItem(TOKEN_KEY, this.#token);
      } catch {
        // Without storage it holds until the page is loaded anew.
      }
    } finally {
      this.#asking = undefined;
    }
  }
}

/**
 * @param {URL} url
 * @param {RequestInit} init
 */
async function send(url, init) {
  try {
    return await fetch(url, init);
  } catch (error) {
    // What browsers say of a server that is gone helps nobody: "Failed to fetch".
    if (error instanceof TypeError) throw new ApiError("The ops port does not answer", 0);
    throw error;
  }
}

/** @returns {string | undefined} */
function stored() {
  try {
    return sessionStorage.getItem(TOKEN_KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads what is wrong from an answer (RFC 9457).
 *
 * @param {Response} response
 * @returns {Promise<string>}
 */
async function readProblem(response) {
  try {
    const { title, detail, errors = [] } = await response.json();
    const faults = errors.map((/** @type {{ where: string, message: string }} */ it) =>
      `${it.where}: ${it.message}`
    );
    return faults.join("; ") || detail || title || `Refused with ${response.status}`;
  } catch {
    return `Refused with ${response.status}`;
  }
}
