import { pidsOf } from "./process_stat.ts";

/** How much of what a process says on stderr is kept, in characters from the end. */
const KEPT = 2_000;

/** How a process is started. */
export interface SubprocessOptions {
  /** The core it may run on; any, unless given. */
  core?: number | undefined;
  /** Where it starts. */
  cwd?: string;
}

/** The processes of a bench, so that none is left when it ends. */
export class Subprocesses implements AsyncDisposable {
  readonly #running = new Set<Subprocess>();
  #stopped = false;

  /**
   * Starts a program.
   *
   * @param command The program and its arguments.
   * @param options Where it runs.
   * @throws {Error} Where there is no such program, or all processes were stopped.
   */
  start(command: readonly string[], options: SubprocessOptions = {}): Subprocess {
    if (this.#stopped) throw new Error("The bench was stopped");
    const subprocess = new Subprocess(command, options);
    this.#running.add(subprocess);
    subprocess.ended.then(() => this.#running.delete(subprocess));
    return subprocess;
  }

  /** Kills all of them, and starts no more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#running].map((subprocess) => subprocess.stop()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** A process whose stdout is read line by line; it is killed with its descendants. */
export class Subprocess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  /** Complete lines that nobody has taken yet. */
  readonly #lines: string[] = [];
  #line = "";
  #errors = "";
  #exited = false;
  #drained = false;
  #wake: (() => void) | undefined = undefined;
  /** Resolves with the exit code when the process has ended and all it wrote was read. */
  readonly ended: Promise<number>;

  /** Use {@linkcode Subprocesses.start}. */
  constructor(command: readonly string[], { core, cwd }: SubprocessOptions) {
    const [program = "", ...args] = core === undefined
      ? command
      : ["taskset", "-c", String(core), ...command];
    this.#child = new Deno.Command(program, {
      args,
      ...cwd !== undefined && { cwd },
      // Settings of somebody's own server are none of the bench's.
      clearEnv: true,
      env: {
        ...Object.fromEntries(
          Object.entries(Deno.env.toObject()).filter(([name]) => !name.startsWith("FOURTUPLE_")),
        ),
        NO_COLOR: "1",
        DENO_NO_UPDATE_CHECK: "1",
      },
      // Its end tells the load generator that the bench has gone.
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.ended = this.#follow();
  }

  /** Its number; the same with and without `taskset`, which becomes the program. */
  get pid(): number {
    return this.#child.pid;
  }

  /** The end of what it wrote to stderr. */
  get errors(): string {
    return this.#errors.trim();
  }

  /** Returns the next line of its stdout, `undefined` when there is none any more. */
  async nextLine(): Promise<string | undefined> {
    while (this.#lines.length === 0 && !this.#drained) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.#lines.shift();
  }

  /** Kills it and its descendants, and waits until it has ended. */
  async stop(): Promise<void> {
    // While it has not been waited for, its number cannot be another process's.
    if (!this.#exited) {
      for (const pid of pidsOf(this.pid)) {
        try {
          Deno.kill(pid, "SIGKILL");
        } catch {
          // It has ended by itself.
        }
      }
    }
    await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #follow(): Promise<number> {
    const [{ code }] = await Promise.all([
      this.#child.status.finally(() => this.#exited = true),
      drain(this.#child.stdout, (text) => this.#take(text)),
      drain(this.#child.stderr, (text) => this.#errors = (this.#errors + text).slice(-KEPT)),
    ]);
    this.#drained = true;
    this.#wake?.();
    await this.#child.stdin.close().catch(() => {});
    return code;
  }

  #take(text: string): void {
    const lines = (this.#line + text).split("\n");
    this.#line = lines.pop()!;
    this.#lines.push(...lines);
    this.#wake?.();
  }
}

async function drain(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  take: (text: string) => void,
): Promise<void> {
  for await (const text of stream.pipeThrough(new TextDecoderStream())) take(text);
}
