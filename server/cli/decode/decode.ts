/**
 * `server/cli/decode/` is for the command decode: bytes from the wire, drawn frame by frame.
 *
 * `fourtuple decode`: bytes from the wire, drawn frame by frame.
 *
 * @module
 */

import type { Role } from "../../../protocol/mod.ts";
import { jsonLine } from "../../escape.ts";
import type { Command, CommandIo } from "../command/command.ts";
import { choiceOption, integerOption } from "../command/option_values.ts";
import { parseArgs } from "../command/parse_args.ts";
import { firstLine, quote, readProblem } from "../terminal/problems.ts";
import { drawFrame } from "./decode_figure.ts";
import { type DecodedFrame, decodeFrames, roleOf } from "./decode_frames.ts";
import { MessageInflater } from "./decode_inflate.ts";
import {
  type Input,
  INPUT_FORMATS,
  type InputFormat,
  parseInput,
  readAll,
} from "./decode_input.ts";
import { count, describeFrame, nameOf, recordOf } from "./decode_text.ts";

/** The most bytes of input, as it is typed. */
const MAX_INPUT = 16 * 2 ** 20;

/** How many bytes of each payload are shown unless told otherwise. */
const DEFAULT_BYTES = 64;

/** What `--format` may be. */
export const DECODE_FORMATS = ["auto", ...INPUT_FORMATS] as const;

/** What `--role` may be. */
export const DECODE_ROLES = ["auto", "server", "client"] as const;

const help = `Usage: fourtuple decode [options] <INPUT

Reads WebSocket frames, as they were on the wire behind the handshake, from
standard input, and draws each bit by bit like the figure in RFC 6455 5.2. Says
what it means, and of the first frame that breaks a rule, which rule that is.

Options:
  --file FILE
      Read this file instead, of ${MAX_INPUT} bytes at most, as standard input
  --format FORMAT
      What the input is: auto, hex, base64 or binary (default: auto); hex may have
      0x, blanks, commas and colons in it, and base64 may be base64url
  --role ROLE
      Who reads the frames: a server, which wants them masked, or a client, which
      does not; auto goes by the first frame (default: auto)
  --deflate
      permessage-deflate was agreed on: RSV1 marks compressed messages, which are
      inflated, up to ${MAX_INPUT} bytes each, as far as what they refer to is there
  --bytes N
      How many bytes of each payload to show (default: ${DEFAULT_BYTES})
  --json
      Print a line of JSON for each frame, and all else to stderr
  -h, --help
      Print this text

  printf 810548656c6c6f | fourtuple decode
  xxd -p -s 129 capture.bin | fourtuple decode --role server --json

Exit codes: 0 all frames are whole and keep the rules, 1 a frame breaks a rule or
the input ends too early or cannot be read, 2 wrong usage
`;

/** The `decode` command. */
export const decode: Command = {
  name: "decode",
  summary: "Draw WebSocket frames bit by bit, and name the rule that one breaks",
  help,
  run: (args, io) => runDecode(args, io, () => Deno.stdin.readable),
};

/** What was asked for. */
interface DecodeOptions {
  readonly file: string | undefined;
  readonly format: InputFormat | "auto";
  readonly role: Role | "auto";
  readonly bytes: number;
  readonly deflate: boolean;
  readonly json: boolean;
}

/**
 * Runs the command.
 *
 * @param args The arguments after the command's name.
 * @param io Where it writes.
 * @param stdin Opens standard input.
 * @returns The exit code.
 */
export async function runDecode(
  args: string[],
  io: CommandIo,
  stdin: () => ReadableStream<Uint8Array>,
): Promise<number> {
  const problems: string[] = [];
  const flags = parseArgs(args, {
    string: ["file", "format", "role", "bytes"],
    boolean: ["deflate", "json", "help"],
    alias: { h: "help" },
  }, problems);
  const options: DecodeOptions = {
    file: flags.file === undefined ? undefined : String(flags.file),
    format: choiceOption(flags, "format", DECODE_FORMATS, problems) ?? "auto",
    role: choiceOption(flags, "role", DECODE_ROLES, problems) ?? "auto",
    bytes: integerOption(flags, "bytes", [0, MAX_INPUT], problems) ?? DEFAULT_BYTES,
    deflate: flags.deflate === true,
    json: flags.json === true,
  };
  if (problems.length > 0) {
    for (const problem of problems) io.err(`fourtuple decode: ${problem}\n`);
    io.err("Try: fourtuple decode --help\n");
    return 2;
  }
  if (flags.help === true) {
    io.out(help);
    return 0;
  }
  let input: Input;
  try {
    input = parseInput(await read(options.file, stdin), options.format);
  } catch (error) {
    io.err(`fourtuple decode: ${faultOf(error, options.file)}\n`);
    return 1;
  }
  return show(input, options, io);
}

async function read(
  file: string | undefined,
  stdin: () => ReadableStream<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  return await readAll(file === undefined ? stdin() : (await Deno.open(file)).readable, MAX_INPUT);
}

function faultOf(error: unknown, file: string | undefined): string {
  // These are ours, and say all.
  if (error instanceof SyntaxError || error instanceof RangeError) return error.message;
  return file === undefined
    ? `standard input cannot be read: ${firstLine(error)}`
    : `${quote(file)} cannot be read: ${readProblem(error)}`;
}

function show({ bytes, format }: Input, options: DecodeOptions, io: CommandIo): number {
  const role = options.role === "auto" ? roleOf(bytes) : options.role;
  const masked = role === "server" ? "masked" : "not masked";
  const taken = `${
    count(bytes.length, "byte")
  }, read as ${format}; frames for a ${role}: ${masked}`;
  if (options.json) io.err(`fourtuple decode: ${taken}\n`);
  else io.out(`${taken}\n`);
  let last: DecodedFrame | undefined;
  const inflater = options.deflate ? new MessageInflater(MAX_INPUT) : undefined;
  for (const frame of decodeFrames(bytes, role, inflater)) {
    last = frame;
    const text = options.json
      ? jsonLine(recordOf(frame, options.bytes))
      : section(frame, options.bytes);
    if (io.out(text) === false) return 0; // nobody reads any more
  }
  const good = last !== undefined && last.broken === undefined && last.missing === undefined;
  if (!options.json) io.out(`\n${verdict(last, bytes.length)}\n`);
  else if (!good) io.err(`fourtuple decode: ${verdict(last, bytes.length)}\n`);
  return good ? 0 : 1;
}

function section(frame: DecodedFrame, payloadBytes: number): string {
  const { number, offset, wire, header } = frame;
  const title = `Frame ${number}: ${nameOf(header.opcode)}, ${count(wire.length, "byte")} from ` +
    `byte ${offset} on`;
  const lines = [
    "",
    title,
    "",
    ...drawFrame(frame, payloadBytes),
    "",
    ...describeFrame(frame, payloadBytes),
  ];
  return `${lines.join("\n")}\n`;
}

/** Says how it ended. */
function verdict(last: DecodedFrame | undefined, length: number): string {
  if (last === undefined) return "No frame: the input is empty";
  const { number, offset, wire, header, broken, missing, message, within } = last;
  if (broken !== undefined) {
    const after = length - offset - wire.length;
    const unread = after === 0
      ? ""
      : `; ${count(after, "byte")} after it ${after === 1 ? "was" : "were"} not read`;
    return `Frame ${number} breaks a rule: ${broken.code}${unread}`;
  }
  if (missing !== undefined) return `Frame ${number} is cut off`;
  const unfinished = within ?? (header.fin ? undefined : message?.number);
  const end = unfinished === undefined ? "" : `; message ${unfinished} goes on after them`;
  return `${count(number, "frame")}, whole and by the rules${end}`;
}
