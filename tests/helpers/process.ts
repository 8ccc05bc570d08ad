/** The longest that a child may live, in milliseconds; only a failing test meets it. */
const LIFETIME = 60_000;

/** How a child is started, beyond its command line. */
export interface ProcessOptions {
  /** Variables on top of this process's own; none of those is a `FOURTUPLE_*`. */
  env?: Record<string, string>;
  /** Where it starts; here, unless given. */
  cwd?: string | URL;
}

/** How a child ended, and all that it wrote. */
export interface Ended {
  /** The exit code; 128 and the signal's number where a signal ended it. */
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/**
 * A child process whose lines a test can wait for. It is killed at the end of the test at the latest,
 * and when it has lived for too long: then whatever a test waits for fails, and shows what was written.
 */
export class Process implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #out: Output;
  readonly #err: Output;
  readonly #killer: ReturnType<typeof setTimeout>;

  constructor(command: string, args: string[], { env = {}, cwd }: ProcessOptions = {}) {
    const own = Object.entries(Deno.env.toObject()).filter(([name]) =>
      !name.startsWith("FOURTUPLE_")
    );
    this.#child = new Deno.Command(command, {
      args,
      clearEnv: true,
      env: { ...Object.fromEntries(own), NO_COLOR: "1", ...env },
      ...cwd !== undefined && { cwd },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#out = new Output(this.#child.stdout);
    this.#err = new Output(this.#child.stderr);
    this.#killer = setTimeout(() => this.#kill(), LIFETIME);
  }

  /** Its number, as the kernel has it. */
  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Waits for the first line on stdout that holds `part`; one that came before counts too. So does what a
   * log in JSON says of the start instead.
   */
  async outLine(part: string): Promise<string> {
    const [out, said] = [this.#out.line(part), this.#err.line(part, startMessage)];
    const found = await Promise.race([
      out.then((line) => line ?? said),
      said.then((line) => line ?? out),
    ]);
    return found ?? this.#lacks(`no line with "${part}" on stdout`);
  }

  /** Waits for the first line on stderr that holds `part`; one that came before counts too. */
  async errLine(part: string): Promise<string> {
    return await this.#err.line(part) ?? this.#lacks(`no line with "${part}" on stderr`);
  }

  /** Closes our end of its stdout, as `head` does when it has seen enough. */
  async leaveOut(): Promise<void> {
    await this.#out.leave();
  }

  /** Closes our end of its stderr. */
  async leaveErr(): Promise<void> {
    await this.#err.leave();
  }

  /** Sends it a signal. */
  signal(name: Deno.Signal): void {
    this.#child.kill(name);
  }

  /** Waits until it has ended. */
  async ended(): Promise<Ended> {
    const { code } = await this.#child.status;
    await Promise.all([this.#out.done, this.#err.done]);
    clearTimeout(this.#killer);
    return { code, out: this.#out.text, err: this.#err.text };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill();
    await this.ended();
  }

  #kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  }

  async #lacks(what: string): Promise<never> {
    const { code, out, err } = await this.ended();
    throw new Error(`Child ended with ${code}, and ${what}:\n${out}\n${err}`);
  }
}

/** One stream of a child. */
class Output {
  text = "";
  /** Resolves at the end of the stream, or when we have left it. */
  readonly done: Promise<void>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #ended = false;
  /** Resolves when more has come, or all has; several may wait at once. */
  #more = Promise.withResolvers<void>();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
    this.done = this.#read();
  }

  async line(part: string, read = (line: string) => line): Promise<string | undefined> {
    for (;;) {
      const whole = this.text.slice(0, this.text.lastIndexOf("\n") + 1);
      const found = whole.split("\n").map(read).find((line) => line.includes(part));
      if (found !== undefined || this.#ended) return found;
      await this.#more.promise;
    }
  }

  async leave(): Promise<void> {
    await this.#reader.cancel();
    await this.done;
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for (let part = await this.#reader.read(); !part.done; part = await this.#reader.read()) {
      this.text += decoder.decode(part.value, { stream: true });
      this.#wake();
    }
    this.#ended = true;
    this.#wake();
  }

  #wake(): void {
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }
}

/** What a line of JSON says of the start; nothing where it is another. */
function startMessage(line: string): string {
  return /"event":"(?:started|notice)"/.test(line) ? JSON.parse(line).message : "";
}

/** The root of the checkout. */
export const ROOT: URL = new URL("../../", import.meta.url);

/** The command line that runs the program from its source. */
export const FOURTUPLE: readonly string[] = [
  Deno.execPath(),
  "run",
  "--allow-all",
  new URL("server/main.ts", ROOT).pathname,
];

/** Starts the program from its source. */
export function fourtuple(args: string[], options?: ProcessOptions): Process {
  const [command = "", ...rest] = FOURTUPLE;
  return new Process(command, [...rest, ...args], options);
}

/** Waits for the banner, and returns the address in it. */
export async function servedAt(process: Process): Promise<URL> {
  const [, url] = (await process.outLine(" serves ")).match(
    / on (http\S+)(?: by \d+ workers?)? \(pid \d+\)$/,
  )!;
  return new URL(url!);
}
