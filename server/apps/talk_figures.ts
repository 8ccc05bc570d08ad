import type { ServeOptions } from "../../mod.ts";
import type { Report } from "../ops.ts";
import { type Figures, serializeMessage } from "./talk_messages.ts";

/** How often the figures are sent, in milliseconds. */
const FIGURES_MS = 2000;

/** Of a report, what the page shows. */
export type TalkReport =
  & Pick<Report, "connections" | "descriptors" | "serverPorts" | "fourTuples">
  & { readonly memory: Pick<Report["memory"], "perConnection"> };

/** Somebody who gets figures. */
export interface FiguresReader {
  /** Sends a text message. */
  send(data: string): unknown;
}

/** Sends the totals to people again and again, for as long as somebody is here. */
export class TalkFigures {
  readonly #readers: ReadonlySet<FiguresReader>;
  readonly #report: () => Promise<TalkReport>;
  readonly #log: ServeOptions["log"];
  #timer: ReturnType<typeof setInterval> | undefined;
  #reporting = false;
  /** The newest figures, for newcomers. */
  #latest: string | undefined;

  /**
   * @param readers Who gets figures: people only, since thousands of silent connections woken every
   * time would change the figures.
   * @param report Gives a report.
   * @param log Gets what is wrong with reports.
   */
  constructor(
    readers: ReadonlySet<FiguresReader>,
    report: () => Promise<TalkReport>,
    log: ServeOptions["log"],
  ) {
    this.#readers = readers;
    this.#report = report;
    this.#log = log;
  }

  /** Gives a newcomer figures, and all readers new ones from now on, until {@linkcode TalkFigures.stop}. */
  start(newcomer: FiguresReader): void {
    if (this.#latest !== undefined) newcomer.send(this.#latest);
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#send(), FIGURES_MS);
    this.#send();
  }

  /** Nobody is here any more. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#latest = undefined;
  }

  async #send(): Promise<void> {
    // With very many connections a report takes a while: never two at once.
    if (this.#reporting) return;
    this.#reporting = true;
    try {
      const figures = serializeMessage(summarize(await this.#report()));
      if (this.#timer === undefined) return;
      this.#latest = figures;
      for (const reader of this.#readers) reader.send(figures);
    } catch (error) {
      // A report that is under way when the server stops fails; that is no news to anybody.
      if (this.#timer === undefined) return;
      this.#log?.({ level: "warning", event: "figures", message: "Cannot make a report", error });
    } finally {
      this.#reporting = false;
    }
  }
}

/** Takes from a report what everybody may see: totals only, nothing about anybody else. */
function summarize(
  { connections, descriptors, memory, serverPorts, fourTuples }: TalkReport,
): Figures {
  const { open, soft: limit } = descriptors ?? {};
  const { perConnection: bytesPerConnection } = memory;
  return {
    type: "figures",
    connections,
    ...open !== undefined && { descriptors: { open, ...limit !== undefined && { limit } } },
    ...bytesPerConnection !== undefined && { bytesPerConnection },
    serverPorts,
    fourTuples,
  };
}
