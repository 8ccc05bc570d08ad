import { type HandshakeError, type ResponseHead, ResponseHeadParser } from "../protocol/mod.ts";
import type { Limits } from "../server/limits.ts";
import { BufferPool } from "../server/net/buffer_pool.ts";
import { type Beginning, readBeginning } from "../server/net/read_beginning.ts";
import type { Transport } from "../server/net/transport.ts";
import { readBody } from "./body.ts";
import { ConnectError } from "./connect_error.ts";

/** RFC 8446 5.1: the first byte of an alert, and of a server's handshake. */
const TLS_RECORDS = [0x15, 0x16];

/** Reads the head of an answer, and tells a server that speaks TLS from one that speaks anything else. */
class AnswerParser extends ResponseHeadParser {
  #begun = false;

  override push(chunk: Uint8Array): ResponseHead | undefined {
    if (!this.#begun && TLS_RECORDS.includes(chunk[0] ?? 0)) {
      throw new Error("it speaks TLS on this port: expected wss:");
    }
    this.#begun ||= chunk.length > 0;
    return super.push(chunk);
  }
}

/** So many interim answers are passed over, such as 103. */
const MAX_INTERIM = 8;

const NOTHING = new Uint8Array(0);

/** The head of the answer that counts, and the bytes after it. */
export type Answer = Beginning<ResponseHead>;

/**
 * Reads the head of a server's answer.
 *
 * @param conn Where it comes from.
 * @param limits How large it may be.
 * @returns The answer.
 * @throws {Error} When the server leaves, answers without end, or not in HTTP.
 */
export async function readAnswer(
  conn: Pick<Transport, "read">,
  limits: Limits,
): Promise<Answer> {
  const pool = new BufferPool();
  let rest: Uint8Array = NOTHING;
  // RFC 9110 15.2: interim answers may come before the one that counts.
  for (let interim = 0; interim <= MAX_INTERIM; interim++) {
    const answer = await readBeginning(conn, pool, new AnswerParser(limits), rest);
    if (answer === undefined) throw new Error("it left");
    const { status } = answer.result;
    if (status === 101 || status >= 200) return answer;
    rest = answer.rest;
  }
  throw new Error(`more than ${MAX_INTERIM} interim answers came`);
}

/**
 * Writes the head of an answer as it was sent.
 *
 * @param head The head.
 * @returns Its lines, with CRLF.
 */
export function headText({ minorVersion, status, statusText, headers }: ResponseHead): string {
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.${minorVersion} ${status} ${statusText}\r\n${lines.join("")}\r\n`;
}

/**
 * Makes an answer that is no agreement into the error that tells why.
 *
 * @param conn Where its body comes from; closed when that does not come soon.
 * @param answer The answer.
 * @param error Its fault.
 * @returns The error to throw.
 */
export async function refusalOf(
  conn: Pick<Transport, "read" | "close">,
  { result: { status, statusText, headers: pairs }, rest }: Answer,
  error: HandshakeError,
): Promise<ConnectError> {
  if (error.code !== "STATUS_UNEXPECTED") return new ConnectError(error.message, { cause: error });
  const headers = new Headers([...pairs]);
  const body = await readBody(status, headers, { conn, rest });
  const answer = { status, statusText, headers, body };
  return new ConnectError(messageOf(status, headers), { answer, cause: error });
}

function messageOf(status: number, headers: Headers): string {
  const location = headers.get("location");
  if (status < 300 || status > 399 || location === null) {
    return `Server refuses the handshake with status ${status}`;
  }
  // RFC 6455 4.1 lets a client follow, but whoever sends credentials should know to whom.
  const shown = quoted(location.slice(0, 200));
  return `Server redirects to ${shown} with status ${status}, which is not followed`;
}

/** Quotes what comes from a server: nothing of it but visible ASCII and spaces is left as it is. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[^ -~]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
