import type { LogEntry } from "../../log.ts";
import { pause } from "../../loop/pause.ts";
import type { Operations } from "../../operations/operations.ts";
import { terminalWatch } from "../terminal/hang_up.ts";
import { VERSION } from "../version.ts";
import type { AuditLog } from "./audit_log.ts";
import type { Log, LogLevel } from "./log.ts";
import { type OpsPort, type StartOpsPort, startOpsPort } from "./ops_port.ts";
import type { Surroundings } from "./read_settings.ts";
import { Reloader } from "./reload.ts";
import type { Settings } from "./settings.ts";
import type { Systemd } from "./systemd.ts";

/** For this many milliseconds whoever drained us by the ops port can see there that it is done. */
const LAST_LOOK = 1_500;

/** The ops port may take this many milliseconds to close. */
const CLOSE_DEADLINE = 1_000;

/** What a run of `serve` has, however many processes serve. */
export interface ServeRun {
  /** The flags. */
  readonly args: readonly string[];
  /** Where settings come from besides. */
  readonly surroundings: Surroundings;
  /** The settings. */
  readonly settings: Settings;
  /** The level of the log. */
  readonly logLevel: Pick<Log, "level">;
  /** Keeps what operators did. */
  readonly audit: AuditLog;
  /** Gets told how the server is. */
  readonly systemd: Systemd;
  /** Starts the ops port; absent where none is set. */
  readonly opsPort: StartOpsPort | undefined;
  /** Writes a line of the log. */
  log(entry: LogEntry): void;
  /** Tells whoever started it that it serves, in a few lines. */
  started(lines: string): void;
  /** Tells them that it does not, and why: `reason` is one line, `error` what it comes from. */
  failed(reason: string, error?: unknown): void;
}

/** A server, or a cluster of them, as it is operated. */
export interface Operated {
  /** What can be asked and done. */
  readonly operations: Operations;
  /** Changes the level of the workers' logs; absent without workers. */
  setLogLevel?(level: LogLevel): void | Promise<void>;
}

/** The ways by which operators reach a server that runs: the ops port, SIGHUP and systemd. */
export class Operating {
  readonly #run: ServeRun;
  readonly #operated = Promise.withResolvers<Operated>();
  readonly #reloader: Reloader;
  #opsPort: OpsPort | undefined = undefined;

  /**
   * Listens for SIGHUP from now on, before a server accepts: once descriptors have run out, that would
   * end the process. One that comes while the server starts waits for it.
   *
   * @param run The run of the command.
   * @param reloaded Gets the settings that were read again at SIGHUP, once they hold.
   */
  constructor(run: ServeRun, reloaded: (settings: Settings) => void = () => {}) {
    this.#run = run;
    const { args, surroundings, settings, audit } = run;
    this.#reloader = new Reloader({
      args,
      surroundings,
      settings,
      operations: this.#operated.promise.then(({ operations }) => operations),
      logLevel: this.#logLevel,
      reopenAudit: () => audit.reopen(),
      log: run.log,
    });
    if (Deno.build.os === "windows") return;
    const hungUp = terminalWatch();
    Deno.addSignalListener("SIGHUP", async () => {
      if (hungUp()) return Deno.kill(Deno.pid, "SIGTERM");
      const settings = await this.reload();
      if (settings !== undefined) reloaded(settings);
    });
  }

  readonly #logLevel = {
    get: (): LogLevel => this.#run.logLevel.level,
    set: async (level: LogLevel): Promise<void> => {
      this.#run.logLevel.level = level;
      const { setLogLevel } = await this.#operated.promise;
      await setLogLevel?.(level);
    },
  };

  /** Reads the settings again, as {@linkcode Reloader.reload} does. */
  reload(): Promise<Settings | undefined> {
    return this.#run.systemd.reloading(() => this.#reloader.reload());
  }

  /** All that serves has been started again with other settings, as {@linkcode Reloader.replaced} has it. */
  replaced(settings: Settings): void {
    this.#reloader.replaced(settings);
  }

  /**
   * Opens the ops port, where one is set.
   *
   * @param operated The server, which has started.
   * @returns The address of the ops port for a browser, if there is one.
   * @throws {Error} When it cannot listen, in one line.
   */
  start(operated: Operated): string | undefined {
    const { settings, opsPort, log, audit } = this.#run;
    this.#opsPort = startOpsPort(settings, opsPort, {
      operations: operated.operations,
      log,
      audit: audit.write,
      logLevel: this.#logLevel,
      version: VERSION,
    });
    this.#operated.resolve(operated);
    return this.#opsPort?.url;
  }

  /** Tells systemd that the server serves, and from now on how many connections it has. */
  async ready(): Promise<void> {
    const { systemd } = this.#run;
    systemd.ready();
    const { operations } = await this.#operated.promise;
    systemd.follow(async () => {
      const { phase, sum, supervisor } = await operations.snapshot();
      const { connections } = sum.report;
      const { serving, desired } = supervisor ?? {};
      const workers = serving === desired || phase === "draining"
        ? ""
        : `, ${serving} of ${desired} workers serve`;
      return `${phase}: ${connections} ${
        connections === 1 ? "connection" : "connections"
      }${workers}`;
    });
  }

  /**
   * Closes the ops port, when the server has drained.
   *
   * @param seen Whether somebody may be looking there at how the drain goes.
   */
  async close(seen: boolean): Promise<void> {
    if (this.#opsPort === undefined) return;
    if (seen) await pause(LAST_LOOK);
    await Promise.race([this.#opsPort.close(), pause(CLOSE_DEADLINE)]);
  }
}
