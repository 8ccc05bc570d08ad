/**
 * Fields of requests that are no lists, and mean nothing else when the same line comes again. Those of
 * the handshake that must come once are not among them, nor is the length of a body.
 */
const SINGLETONS: ReadonlySet<string> = new Set([
  "authorization",
  "content-type",
  "date",
  "from",
  "max-forwards",
  "origin",
  "proxy-authorization",
  "referer",
  "user-agent",
]);

/**
 * The header fields of an HTTP head, in their order of arrival, with names in lower case. Look-ups
 * compare names one by one: a head has few fields, their number is limited, and no name that a peer
 * chooses can collide with a property (`__proto__`, `constructor`).
 *
 * @example
 * ```ts
 * import { HeadFields } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const headers = new HeadFields([["Upgrade", "h2c"], ["UPGRADE", "websocket"]]);
 * assertEquals(headers.get("upgrade"), "h2c, websocket");
 * ```
 */
export class HeadFields implements Iterable<[name: string, value: string]> {
  readonly #names: string[] = [];
  readonly #values: string[] = [];

  /**
   * Makes a list of fields.
   *
   * @param fields The first fields, as with {@linkcode HeadFields.append}.
   */
  constructor(fields: Iterable<readonly [name: string, value: string]> = []) {
    for (const [name, value] of fields) this.append(name, value);
  }

  /** How many fields there are, each line counted. */
  get size(): number {
    return this.#names.length;
  }

  /**
   * Adds one field after the others. Nothing is checked: the reader or the writer of it does that.
   *
   * @param name The name in any case.
   * @param value The value without whitespace around it.
   */
  append(name: string, value: string): void {
    this.#names.push(name.toLowerCase());
    this.#values.push(value);
  }

  /**
   * Goes on with the value of the last field, as a folded line does (RFC 9112 5.2).
   *
   * @param value The text after a space.
   */
  fold(value: string): void {
    const before = this.#values.pop();
    if (before === undefined) return;
    this.#values.push(before === "" || value === "" ? before + value : `${before} ${value}`);
  }

  /**
   * The value of a field. Where it came in several lines they are one list (RFC 9110 5.3), and those of
   * `Cookie` are joined as HTTP/2 has it, whose proxies split them (RFC 9113 8.2.3). Of a field that
   * is not a list, lines that say the same count once; others make a value that is not valid.
   *
   * @param name The name in lower case.
   * @returns The value, several joined by ", ", of `cookie` by "; ", or `undefined` where there is none.
   */
  get(name: string): string | undefined {
    let joined: string | undefined;
    for (let i = 0; i < this.#names.length; i++) {
      if (this.#names[i] !== name) continue;
      if (joined === undefined) joined = this.#values[i];
      else if (joined !== this.#values[i] || !SINGLETONS.has(name)) {
        joined += (name === "cookie" ? "; " : ", ") + this.#values[i];
      }
    }
    return joined;
  }

  /** Yields names, in lower case, and values as {@linkcode HeadFields.get} has them, one pair for each name. */
  *joined(): IterableIterator<[name: string, value: string]> {
    for (const name of new Set(this.#names)) yield [name, this.get(name)!];
  }

  /**
   * The values of a field, line by line.
   *
   * @param name The name in lower case.
   * @returns A new array, empty where there is none.
   */
  getAll(name: string): string[] {
    return this.#values.filter((_, i) => this.#names[i] === name);
  }

  /**
   * Tells whether there is a field.
   *
   * @param name The name in lower case.
   * @returns Whether at least one line has it.
   */
  has(name: string): boolean {
    return this.#names.includes(name);
  }

  /** Yields names, in lower case, and values, one pair for each line. */
  *[Symbol.iterator](): Iterator<[name: string, value: string]> {
    for (let i = 0; i < this.#names.length; i++) yield [this.#names[i]!, this.#values[i]!];
  }
}
