import { X509Certificate } from "node:crypto";
import { LIMIT_NAMES, type Limits } from "../../limits.ts";
import type { LogEntry } from "../../log.ts";
import type { LimitChanges, Operations } from "../../operations/operations.ts";
import { firstLine } from "../terminal/problems.ts";
import type { LogLevel } from "./log.ts";
import { readSettings, type Surroundings } from "./read_settings.ts";
import type { Settings } from "./settings.ts";
import { limitsOf, readCertificate } from "./start_app.ts";

/** The settings that hold from the reload on; all others hold until the end of the process. */
const RELOADED: ReadonlySet<string> = new Set(
  ["limits", "logLevel", "tlsCert", "tlsKey"] satisfies (keyof Settings)[],
);

/** What is reloaded, and from where. */
export interface ReloaderOptions {
  /** The flags. */
  readonly args: readonly string[];
  /** The variables as they were at the start, and the files. */
  readonly surroundings: Surroundings;
  /** The settings at the start. */
  readonly settings: Settings;
  /** What can be changed; pending while the server starts. */
  readonly operations: Promise<Pick<Operations, "limits" | "reconfigure">>;
  /** The level of the log. */
  readonly logLevel: { get(): LogLevel; set(level: LogLevel): void | Promise<void> };
  /** Opens the audit log anew. @throws {Error} When that cannot be. */
  readonly reopenAudit: () => void;
  /** Gets what came of it. */
  readonly log: (entry: LogEntry) => void;
}

/**
 * Reads the settings again and applies what can change while the server runs: the limits, the
 * certificate and the level of the log. What was changed by other ways goes back to what the settings say. Where
 * anything is wrong with them all of it is named, and nothing changes.
 */
export class Reloader {
  readonly #options: ReloaderOptions;
  /** What the server was started with. */
  #running: Settings;
  #reloading: Promise<unknown> = Promise.resolve();
  /** A reload that has not begun. */
  #next: Promise<Settings | undefined> | undefined = undefined;

  /** @param options What is reloaded. */
  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#running = options.settings;
  }

  /**
   * All that serves has been started again.
   *
   * @param settings With which settings.
   */
  replaced(settings: Settings): void {
    this.#running = settings;
  }

  /**
   * Reloads, after a reload that is under way; however often it is asked meanwhile, it is once more.
   *
   * @returns The settings as they are now, when it is done; `undefined` when it is refused. The log says
   * which.
   */
  reload(): Promise<Settings | undefined> {
    return this.#next ??= this.#reloading.then(() => {
      this.#next = undefined;
      const reloading = this.#reloadAndTell();
      this.#reloading = reloading;
      return reloading;
    });
  }

  async #reloadAndTell(): Promise<Settings | undefined> {
    const { log } = this.#options;
    try {
      const { settings, entry } = await this.#reload();
      log(entry);
      return settings;
    } catch (error) {
      const message = `Settings stay as they were: ${firstLine(error)}`;
      log({ level: "error", event: "reload_failed", message });
    }
  }

  async #reload(): Promise<{ settings: Settings; entry: LogEntry }> {
    const { args, surroundings, logLevel, reopenAudit } = this.#options;
    const old = this.#running;
    const read = readSettings(args, surroundings);
    const problems = "problems" in read ? [...read.problems] : [];
    const certificate = "problems" in read
      ? undefined
      : await attempt(() => readCertificate(read.settings), problems);
    await attempt(reopenAudit, problems);
    if ("problems" in read || problems.length > 0) throw new Error(problems.join("; "));
    const { settings } = read;
    const operations = await this.#options.operations;
    const limits = await operations.limits();
    // What an app holds without is that of the one that runs, whichever is named by now.
    const wanted = limitsOf({ ...settings, app: old.app });
    const changed = [...LIMIT_NAMES as ReadonlySet<keyof Limits>].filter((name) =>
      limits[name] !== wanted[name]
    );
    // TLS cannot be turned on and off.
    const usable = old.tlsCert !== undefined ? certificate : undefined;
    await operations.reconfigure({
      limits: Object.fromEntries(
        changed.map((name) => [name, wanted[name] ?? null]),
      ) as LimitChanges,
      initial: wanted,
      ...usable && { certificate: usable },
    });
    const level = logLevel.get();
    if (settings.logLevel !== level) await logLevel.set(settings.logLevel);
    const entry = told(
      [
        ...changed.map((name) => change(name, limits[name], wanted[name])),
        ...settings.logLevel === level ? [] : [change("logLevel", level, settings.logLevel)],
        ...usable ? [`certificate valid until ${lastDay(usable.cert)}`] : [],
      ],
      needRestart(old, settings),
    );
    return { settings, entry };
  }
}

/**
 * Tells with which settings a process would have to be started to be what the old one has become.
 *
 * @param old The settings at its start.
 * @param settings Those that were read later.
 * @returns What was reloaded from the later ones, and all else from the old ones.
 */
export function reloadedSettings(old: Settings, settings: Settings): Settings {
  const { limits, logLevel, tlsCert, tlsKey } = settings;
  const tls = tlsCert !== undefined && tlsKey !== undefined && old.tlsCert !== undefined;
  return { ...old, limits, logLevel, ...tls && { tlsCert, tlsKey } };
}

/** Tries something; a problem goes to the others. */
async function attempt<T>(run: () => T | Promise<T>, problems: string[]): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    problems.push(firstLine(error));
  }
}

/** The settings that are others now, but cannot change while the server runs. */
function needRestart(old: Settings, settings: Settings): string[] {
  const names = new Set([...Object.keys(old), ...Object.keys(settings)]) as Set<keyof Settings>;
  const others = [...names].filter((name) =>
    !RELOADED.has(name) && JSON.stringify(old[name]) !== JSON.stringify(settings[name])
  );
  const tls = (old.tlsCert === undefined) !== (settings.tlsCert === undefined);
  return tls ? [...others, "tlsCert", "tlsKey"] : others;
}

function told(changes: readonly string[], needed: readonly string[]): LogEntry {
  const done = changes.length === 0 ? "nothing has changed" : changes.join(", ");
  const more = needed.length === 0 ? "" : `; what needs a restart: ${needed.join(", ")}`;
  return {
    level: needed.length === 0 ? "info" : "warning",
    event: "reloaded",
    message: `Settings were read again: ${done}${more}`,
  };
}

function change(name: string, before: unknown, after: unknown): string {
  return `${name} ${after ?? "not set"} (was ${before ?? "not set"})`;
}

function lastDay(cert: string): string {
  return new Date(new X509Certificate(cert).validTo).toISOString().slice(0, 10);
}
