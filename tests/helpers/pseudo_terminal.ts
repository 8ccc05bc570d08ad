import { ScreenText } from "./screen_text.ts";

/** The longest that a program may live, in milliseconds; only a failing test meets it. */
const LIFETIME = 60_000;

const PROGRAM = new URL("pseudo_terminal.py", import.meta.url).pathname;

/** How a program left its terminal. */
export interface Left {
  /** Its exit code; less than 0 where a signal ended it. */
  readonly code: number;
  /** Whether the terminal's modes are as they were before. */
  readonly restored: boolean;
}

/** A program at a pseudo-terminal, which Python provides. It is gone at the end of the test. */
export class PseudoTerminal implements AsyncDisposable {
  /** What the terminal shows. */
  readonly screen: ScreenText;
  /** All that the program wrote. */
  raw = "";
  readonly #child: Deno.ChildProcess;
  readonly #orders: WritableStreamDefaultWriter<Uint8Array>;
  readonly #done: Promise<void>;
  readonly #killer: ReturnType<typeof setTimeout>;
  #left: Left | undefined = undefined;
  #ended = false;
  #wake: () => void = () => {};

  /**
   * @param python The command line of a Python that has pty.
   * @param command The command line of the program.
   * @param size The terminal's.
   * @param env Variables on top of this process's own; none of those is a `FOURTUPLE_*`.
   */
  constructor(
    python: { command: string; args: string[] },
    command: readonly string[],
    { columns, rows }: { columns: number; rows: number },
    env: Record<string, string> = {},
  ) {
    const own = Object.entries(Deno.env.toObject()).filter(([name]) =>
      !name.startsWith("FOURTUPLE_")
    );
    this.#child = new Deno.Command(python.command, {
      args: [...python.args, PROGRAM, String(rows), String(columns), ...command],
      clearEnv: true,
      env: { ...Object.fromEntries(own), NO_COLOR: "1", TERM: "xterm", ...env },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.screen = new ScreenText(rows || Infinity);
    this.#orders = this.#child.stdin.getWriter();
    this.#done = this.#read();
    this.#killer = setTimeout(() => this.#child.kill("SIGKILL"), LIFETIME);
  }

  /** Types, as a person would. */
  type(text: string): Promise<void> {
    return this.#order("type", text);
  }

  /** Gives the terminal another size. */
  resize(columns: number, rows: number): Promise<void> {
    this.screen.resize(rows);
    return this.#order("resize", rows, columns);
  }

  /** Sends the program a signal. */
  signal(name: Deno.Signal): Promise<void> {
    return this.#order("signal", name);
  }

  /** Takes the terminal away, as a closed window does. */
  hangUp(): Promise<void> {
    return this.#order("hangup");
  }

  /** Waits until the screen shows what is wanted. */
  async until(what: string, reached: (screen: ScreenText) => boolean): Promise<void> {
    while (!reached(this.screen)) {
      if (this.#ended) {
        throw new Error(
          `The program ended, and not ${what}:\n${JSON.stringify(this.raw.slice(-2_000))}`,
        );
      }
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Waits until the screen shows a text. */
  shows(text: string): Promise<void> {
    return this.until(`shows "${text}"`, (screen) => screen.text.includes(text));
  }

  /** Waits until the program has ended. */
  async left(): Promise<Left> {
    await this.#done;
    if (this.#left === undefined) {
      throw new Error(`It was killed:\n${JSON.stringify(this.raw.slice(-2_000))}`);
    }
    return this.#left;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // At the end of the orders the program is killed.
    await this.#orders.close().catch(() => {});
    await this.#done;
    await this.#child.status;
    clearTimeout(this.#killer);
  }

  async #order(...order: unknown[]): Promise<void> {
    await this.#orders.write(new TextEncoder().encode(`${JSON.stringify(order)}\n`));
  }

  async #read(): Promise<void> {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of this.#child.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        const { shown, ...left } = JSON.parse(line);
        if (shown === undefined) this.#left = left;
        else {
          this.raw += shown;
          this.screen.write(shown);
        }
      }
      this.#wake();
    }
    this.#ended = true;
    this.#wake();
  }
}
