import { jsonLine } from "../../escape.ts";
import type { LogEntry } from "../../log.ts";
import { readProblem } from "../terminal/problems.ts";
import { LineWriter } from "./line_writer.ts";

/** At most this much of what an operator gave is in a log line; the file has all of it. */
const MAX_SHOWN = 500;

/** What an operator did, or wanted to, as plain data. */
export type AuditRecord = {
  /** When, in ISO 8601. */
  readonly at: string;
  /** Who. */
  readonly who: {
    /** The address and port that it came from. */
    readonly address: string;
  };
  /** What, as a stable word: `connections.close`. */
  readonly action: string;
  /** With which parameters. */
  readonly target: unknown;
  /** Whether it was `done`, `refused`, or has `failed`. */
  readonly outcome: string;
  /** What came of it. */
  readonly result: unknown;
};

/** The log that the records go to as well. */
export interface AuditedLog {
  /** Writes a line of ours. */
  write(entry: LogEntry): void;
  /** Writes what an operator did. */
  audit(message: string, audit: AuditRecord): void;
}

/** Keeps what operators did: in the log, and in a file where one is named. It never waits for either. */
export class AuditLog implements Disposable {
  readonly #path: string | undefined;
  readonly #log: AuditedLog;
  #file: AuditFile | undefined;

  /**
   * @param path The file, which is made where there is none; absent for the log alone.
   * @param log The log.
   * @throws {Error} When the file cannot be opened, with its name.
   */
  constructor(path: string | undefined, log: AuditedLog) {
    this.#path = path;
    this.#log = log;
    this.#file = this.#open();
  }

  /** Adds a record. */
  readonly write = (record: AuditRecord): void => {
    const { who, action, target, outcome, result } = record;
    const message = `${who.address} ${action} ${shown(target)}: ${outcome} ${shown(result)}`;
    this.#log.audit(message, record);
    this.#file?.write(jsonLine(record));
  };

  /**
   * Opens the file anew, for a tool that has moved it away.
   *
   * @throws {Error} When it cannot be opened; the old one is written to then.
   */
  reopen(): void {
    const old = this.#file;
    this.#file = this.#open();
    old?.close();
  }

  /** Resolves when all records so far have been written or given up. */
  async flush(): Promise<void> {
    await this.#file?.flush();
  }

  [Symbol.dispose](): void {
    this.#file?.close();
  }

  #open(): AuditFile | undefined {
    if (this.#path === undefined) return undefined;
    return new AuditFile(this.#path, (error) =>
      this.#log.write({
        level: "error",
        event: "audit_failed",
        message: "Audit log cannot be written to; what it lacks is in this log",
        error,
      }));
  }
}

/** A file that lines are added to. */
class AuditFile {
  readonly #file: Deno.FsFile;
  readonly #lines: LineWriter;
  readonly #failed: (error: unknown) => void;

  constructor(path: string, failed: (error: unknown) => void) {
    this.#failed = failed;
    try {
      // To open a pipe for writing alone would wait for its reader.
      this.#file = Deno.openSync(path, {
        append: true,
        create: true,
        mode: 0o600,
        read: isPipe(path),
      });
    } catch (error) {
      throw new Error(`Cannot write to "${path}": ${readProblem(error)}`, { cause: error });
    }
    const notice = (dropped: number, reason: string) =>
      jsonLine({ at: new Date().toISOString(), dropped, reason });
    this.#lines = new LineWriter({ write: (bytes) => this.#write(bytes) }, notice);
  }

  write(line: string): void {
    this.#lines.write(line);
  }

  flush(): Promise<void> {
    return this.#lines.flush();
  }

  /** Closes the file once it has all lines. */
  close(): void {
    this.flush().finally(() => this.#file.close());
  }

  async #write(bytes: Uint8Array): Promise<number> {
    try {
      return await this.#file.write(bytes);
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) this.#failed(error);
      throw error;
    }
  }
}

function isPipe(path: string): boolean {
  try {
    return Deno.statSync(path).isFifo ?? false;
  } catch {
    return false;
  }
}

function shown(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? "";
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
