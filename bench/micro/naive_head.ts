const DECODER = new TextDecoder();

/** A request's head, as the twin of the parser gives it. */
export interface NaiveHead {
  /** The method. */
  readonly method: string;
  /** The target. */
  readonly target: string;
  /** The header fields, with names in lower case; of two with one name the last. */
  readonly headers: Map<string, string>;
}

/** The obvious parser: it waits for the empty line, then splits; it limits and refuses nothing. */
export class NaiveHeadParser {
  #text = "";

  /** Takes the next bytes and returns the head when it is complete. */
  push(chunk: Uint8Array): NaiveHead | undefined {
    this.#text += DECODER.decode(chunk);
    if (!this.#text.endsWith("\r\n\r\n")) return undefined;
    const [first = "", ...lines] = this.#text.trimEnd().split("\r\n");
    const [method = "", target = ""] = first.split(" ");
    const headers = lines.map((line): [string, string] => {
      const [name = "", ...value] = line.split(":");
      return [name.toLowerCase(), value.join(":").trim()];
    });
    return { method, target, headers: new Map(headers) };
  }
}
