/** What a terminal shows, as far as our programs steer one: xterm's other screen and ECMA-48. */
export class ScreenText {
  /** Whether the other screen is shown. */
  other = false;
  /** Whether the cursor is shown. */
  cursor = true;
  #height: number;
  #rows: string[] = [];
  #row = 0;
  #column = 0;
  #rest = "";

  /** @param height The rows that it has. */
  constructor(height: number) {
    this.#height = height;
  }

  /** Takes what the program wrote. */
  write(text: string): void {
    const all = this.#rest + text;
    // deno-lint-ignore no-control-regex -- ESC is what sequences begin with
    const pattern = /\x1b\[([?\d;]*)([A-Za-z])|[^\x1b]/gu;
    let end = 0;
    for (const [token, parameters = "", final] of all.matchAll(pattern)) {
      end = all.indexOf(token, end) + token.length;
      if (final === undefined) this.#put(token);
      else this.#steer(parameters, final);
    }
    this.#rest = all.slice(end);
  }

  /** Has another height; a smaller screen loses the rows below. */
  resize(height: number): void {
    this.#height = height;
    this.#rows.splice(height);
  }

  /** The rows, without trailing blanks. */
  get rows(): string[] {
    return Array.from(this.#rows, (row = "") => row.trimEnd());
  }

  /** The same as one text. */
  get text(): string {
    return this.rows.join("\n");
  }

  #put(character: string): void {
    if (character === "\r") this.#column = 0;
    else if (character === "\n") this.#row++;
    else if (this.#row < this.#height) {
      const row = (this.#rows[this.#row] ?? "").padEnd(this.#column);
      this.#rows[this.#row] = row.slice(0, this.#column) + character + row.slice(this.#column + 1);
      this.#column++;
    }
  }

  #steer(parameters: string, final: string): void {
    switch (parameters + final) {
      case "?1049h":
      case "?1049l":
        this.other = final === "h";
        this.#rows = [];
        this.#row = this.#column = 0;
        return;
      case "?25h":
      case "?25l":
        this.cursor = final === "h";
        return;
      case "2J":
        this.#rows = [];
        return;
      case "2K":
        if (this.#row < this.#height) this.#rows[this.#row] = "";
        return;
      case "J":
        this.#rows.splice(this.#row);
        return;
    }
    if (final === "H") {
      const [row = 1, column = 1] = parameters.split(";").map(Number);
      this.#row = row - 1;
      this.#column = column - 1;
    }
  }
}
