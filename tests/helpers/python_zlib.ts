import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { findPython } from "./programs.ts";

/** What Python's zlib is asked to do with the messages of one connection. */
export interface ZlibOrder {
  readonly work: "deflate" | "inflate";
  readonly bits: number;
  readonly takeover: boolean;
  readonly messages: readonly Uint8Array[];
  /** At most so many bytes come out at a time; 1 shows every reference that leaves the window. */
  readonly step?: number;
  readonly level?: number;
  readonly memLevel?: number;
}

const SCRIPT = new URL("python_zlib.py", import.meta.url).pathname;
const python = await findPython("zlib");

/** Why Python's zlib cannot be asked; `undefined` if it can. */
export const noPythonZlib: string | undefined = "missing" in python ? python.missing : undefined;

/**
 * Has Python's zlib do orders, one after the other; each is a connection of its own.
 *
 * @returns The messages of each order, or zlib's error.
 */
export async function pythonZlib(
  orders: readonly ZlibOrder[],
): Promise<(Uint8Array<ArrayBuffer>[] | string)[]> {
  if ("missing" in python) throw new Error(python.missing);
  const child = new Deno.Command(python.command, {
    args: [...python.args, SCRIPT],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const lines = orders.map((order) => {
    const messages = order.messages.map((message) => encodeBase64(message));
    return `${JSON.stringify({ step: 0, level: 6, memLevel: 8, ...order, messages })}\n`;
  });
  const written = new Blob(lines).stream().pipeTo(child.stdin);
  const { stdout } = await child.output();
  await written;
  const answers: (string | string[])[] = new TextDecoder().decode(stdout).trimEnd().split("\n")
    .map((line) => JSON.parse(line));
  return answers.map((answer) =>
    typeof answer === "string" ? answer : answer.map((text) => decodeBase64(text))
  );
}
