/**
 * `server/cli/ops/` is for the commands that ask the ops port of a running server.
 *
 * What the commands have in common that ask the ops port.
 *
 * @module
 */

import { escapeControls } from "../../escape.ts";
import type { Command, CommandIo } from "../command/command.ts";
import { type OptionTable, type OptionValues, readOptions } from "../command/options.ts";
import type { Surroundings } from "../serve/read_settings.ts";
import { AdminClient, AdminError } from "./admin_client.ts";
import { ADMIN_OPTIONS, type AdminAccess, readAdminAccess } from "./admin_options.ts";

/** A command to the ops port. */
export interface AdminCommand<Table extends OptionTable, Options> extends Omit<Command, "run"> {
  /** Its own options. */
  readonly options: Table;
  /** The number of words that may come beside options; none, unless given. */
  readonly words?: number;
  /**
   * Reads its own options.
   *
   * @param values The values by name.
   * @param problems Gets a line for all that is wrong.
   * @param words The words that are not options.
   */
  read(values: OptionValues<Table>, problems: string[], words: readonly string[]): Options;
  /**
   * Runs it.
   *
   * @param client The ops port.
   * @param options What was read.
   * @param io Where it writes.
   * @returns The exit code.
   * @throws {AdminError} Is written as one line, and gives the exit code.
   */
  run(client: AdminClient, options: Options & JsonOption, io: CommandIo): Promise<number>;
}

/** What every one of them has. */
export interface JsonOption {
  /** `--json`. */
  readonly json: boolean;
}

/**
 * Makes a command of it, with `--admin`, `--token`, `--token-file` and `--help`.
 *
 * @param command What is its own.
 */
export function adminCommand<const Table extends OptionTable, Options>(
  command: AdminCommand<Table, Options>,
): Command {
  const { name, summary, help } = command;
  const options = { ...command.options, ...ADMIN_OPTIONS };
  return { name, summary, help, options, run: (args, io) => runCommand(command, args, io) };
}

async function runCommand<Table extends OptionTable, Options>(
  { name, help, options: table, words: maxWords = 0, read, run }: AdminCommand<Table, Options>,
  args: string[],
  io: CommandIo,
): Promise<number> {
  const problems: string[] = [];
  const own = readOptions(args, { ...table, ...ADMIN_OPTIONS }, problems, maxWords);
  const flags: Readonly<Record<string, unknown>> = own.values;
  if (flags.help === true && problems.length === 0) {
    io.out(help);
    return 0;
  }
  const access = readAdminAccess(flags, surroundings(), problems);
  const options = read(own.values, problems, own.words);
  if (problems.length > 0) {
    for (const problem of problems) io.err(`fourtuple ${name}: ${problem}\n`);
    io.err(`Try: fourtuple ${name} --help\n`);
    return 2;
  }
  askDirectly(access);
  try {
    return await run(new AdminClient(access), { ...options, json: flags.json === true }, io);
  } catch (error) {
    if (!(error instanceof AdminError)) throw error;
    io.err(`fourtuple ${name}: ${escapeControls(error.message)}\n`);
    return error.exitCode;
  }
}

/** A proxy of the environment is no way to this host itself, and would learn the token. */
function askDirectly({ url: { hostname } }: AdminAccess): void {
  const address = hostname.replace(/^\[|\]$/g, "");
  if (address !== "localhost" && address !== "::1" && !address.startsWith("127.")) return;
  // fetch() reads it at its first call, and whoever asks the ops port asks nobody else.
  Deno.env.set("NO_PROXY", address);
}

function surroundings(): Surroundings {
  return { env: Deno.env.toObject(), readFile: Deno.readTextFileSync };
}
