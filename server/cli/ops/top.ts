/**
 * `fourtuple top`: a running server on one screen, as it is now.
 *
 * @module
 */

import { jsonLine } from "../../escape.ts";
import type { ConnectionQuery } from "../../operations/operations.ts";
import type { Command, CommandIo } from "../command/command.ts";
import { optionHelp, type OptionTable, type OptionValues } from "../command/options.ts";
import { silenceText } from "../terminal/figures.ts";
import { fitLine } from "../terminal/table.ts";
import type { Screen } from "../terminal/terminal.ts";
import { type AdminClient, AdminError } from "./admin_client.ts";
import { adminCommand, type JsonOption } from "./admin_command.ts";
import { ADMIN_EXIT_CODES, ADMIN_OPTIONS } from "./admin_options.ts";
import { drawTop, plainTop, roomForRows } from "./top_screen.ts";
import { firstState, pressKey, type TopAnswers, type TopState, withAnswers } from "./top_state.ts";

/** Milliseconds between two looks. */
const DEFAULT_INTERVAL = 1_000;

/** Connections of the plain snapshot. */
const PLAIN_ROWS = 20;

/** The most that the ops port gives at once. */
const MAX_ROWS = 1_000;

const OPTIONS = {
  interval: {
    kind: "integer",
    placeholder: "N",
    range: [100, 3_600_000],
    help: `Milliseconds between two looks, 100 to 3600000 (default: ${DEFAULT_INTERVAL})`,
  },
  json: {
    kind: "switch",
    help: "Print one snapshot as one JSON object, also at a terminal: snapshot, and the " +
      `${PLAIN_ROWS} busiest connections`,
  },
} as const satisfies OptionTable;

const help = `Usage: fourtuple top [options]

Shows a running server on the whole terminal, through its ops port: totals and
rates, memory, descriptors, the limit that is met next, and the busiest
connections. "?" lists the keys: sorting, selecting, details, a filter, closing
a connection.
Where standard input or output is no terminal, it prints one snapshot and ends.

Options:
${optionHelp({ ...OPTIONS, ...ADMIN_OPTIONS })}

Exit codes: 0 quit by q or Ctrl-C, or the snapshot is printed, 1 failed,
${ADMIN_EXIT_CODES},
or the server has gone, 129, 130 or 143 ended by a signal
`;

/** What was asked for. */
interface Options {
  readonly interval: number;
}

/** The `top` command. */
export const top: Command = adminCommand({
  name: "top",
  summary: "Show a running server live: totals, limits, busiest connections",
  help,
  options: OPTIONS,
  read,
  run,
});

function read({ interval = DEFAULT_INTERVAL }: OptionValues<typeof OPTIONS>): Options {
  return { interval };
}

async function run(
  client: AdminClient,
  { interval, json }: Options & JsonOption,
  io: CommandIo,
): Promise<number> {
  const state = firstState(client.place);
  // The first look comes before the screen: what fails at once is read where it was typed.
  const first = withAnswers(state, await look(client, state, PLAIN_ROWS));
  if (json || io.openScreen === undefined) {
    const { snapshot, connections } = first;
    const lines = json ? [] : plainTop(first).map((line) => fitLine(line, io.columns));
    io.out(json ? jsonLine({ snapshot, connections }) : `${lines.join("\n")}\n`);
    return 0;
  }
  const screen = io.openScreen();
  try {
    return await new Top(client, screen, interval, first).run();
  } finally {
    screen.close();
  }
}

/** Asks for all that is shown. */
async function look(client: AdminClient, state: TopState, rows: number): Promise<TopAnswers> {
  const { sort, reverse, source } = state;
  const query: Omit<ConnectionQuery, "after"> = {
    sort,
    reverse,
    limit: Math.min(rows, MAX_ROWS),
    ...source !== "" && { source },
  };
  const key = state.details?.key;
  const [snapshot, page, description] = await Promise.all([
    client.snapshot(),
    client.connections(query),
    key === undefined ? undefined : client.describe(key).catch((error) => {
      if (error instanceof AdminError && error.missing) return null;
      throw error;
    }),
  ]);
  return {
    snapshot,
    page,
    ...key !== undefined && { details: { key, ...description !== undefined && { description } } },
  };
}

/** The live display: looks again and again, and does what keys say. */
class Top {
  readonly #client: AdminClient;
  readonly #screen: Screen;
  readonly #interval: number;
  readonly #ended = Promise.withResolvers<number>();
  readonly #leaving = new AbortController();
  #state: TopState;
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;
  #looking: Promise<void> | undefined = undefined;
  /** Whether a look was asked for while one was under way. */
  #again = false;
  /** What kept the last look from succeeding; it is shown until one succeeds. */
  #fault = "";

  constructor(client: AdminClient, screen: Screen, interval: number, state: TopState) {
    this.#client = client.until(this.#leaving.signal);
    this.#screen = screen;
    this.#interval = interval;
    this.#state = state;
  }

  /** Resolves with the exit code when it is quit; rejects when the server is gone. */
  async run(): Promise<number> {
    this.#screen.listen({
      key: (key) => this.#press(key),
      resize: () => {
        this.#draw();
        if (!this.#state.paused) this.#lookNow();
      },
      end: (code) => this.#ended.resolve(code),
    });
    this.#draw();
    this.#lookNow();
    try {
      return await this.#ended.promise;
    } finally {
      this.#leaving.abort();
      await this.#looking;
      clearTimeout(this.#timer);
    }
  }

  #draw(): void {
    try {
      this.#screen.draw(drawTop(this.#state, this.#screen.size()));
    } catch (error) {
      // Thrown from an event it would end the process at once.
      this.#ended.reject(error);
    }
  }

  #show(state: TopState): void {
    this.#state = state;
    this.#draw();
  }

  #press(key: string): void {
    const { state, action } = pressKey(this.#state, key);
    this.#show(state);
    if (action === "quit") this.#ended.resolve(0);
    else if (action === "refresh") this.#lookNow();
    else if (action !== undefined) this.#kick(action.kick);
  }

  async #kick(key: string): Promise<void> {
    let message: string;
    try {
      const { closed, missing } = await this.#client.closeOne(key, {});
      if (closed > 0) message = `Told ${key} to close`;
      else if (missing === undefined) message = `${key} was closing already`;
      else message = silenceText(missing, "connections");
    } catch (error) {
      if (!(error instanceof AdminError)) return this.#ended.reject(error);
      message = error.message;
    }
    this.#show({ ...this.#state, message });
    this.#lookNow();
  }

  /** Looks at once, or again when the look that is under way is over. */
  #lookNow(): void {
    if (this.#looking !== undefined) this.#again = true;
    else this.#looking = this.#lookAndWait();
  }

  async #lookAndWait(): Promise<void> {
    clearTimeout(this.#timer);
    do {
      this.#again = false;
      await this.#look();
    } while (this.#again && !this.#leaving.signal.aborted);
    this.#looking = undefined;
    if (this.#leaving.signal.aborted) return;
    this.#timer = setTimeout(() => {
      if (!this.#state.paused) this.#lookNow();
    }, this.#interval);
  }

  async #look(): Promise<void> {
    const { source } = this.#state;
    try {
      const room = roomForRows(this.#screen.size());
      const answers = await look(this.#client, this.#state, room);
      // Keys may have changed the state meanwhile.
      const state = withAnswers(this.#state, answers);
      this.#show(state.message === this.#fault ? { ...state, message: "" } : state);
    } catch (error) {
      const isOver = !(error instanceof AdminError) || error.exitCode === 3 && !error.late;
      if (isOver) return this.#ended.reject(error);
      // What the server refused would be refused each time.
      const wrongFilter = error.exitCode === 2 && this.#state.source === source;
      this.#fault = wrongFilter ? "" : error.message;
      this.#show({
        ...this.#state,
        ...wrongFilter && { source: "" },
        message: error.message,
      });
    }
  }
}
