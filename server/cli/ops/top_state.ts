/**
 * What `fourtuple top` shows and how keys change it. Pure.
 *
 * @module
 */

import { CONNECTION_SORTS, type ConnectionSort } from "../../connection/connection_record.ts";
import type {
  OperatedConnection,
  OperatedDescription,
  Snapshot,
} from "../../operations/operations.ts";

/** Figures a second, from two snapshots. */
export interface Rates {
  readonly opened: number;
  readonly closed: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
}

/** What is asked of who sits there, in the last line. */
export type Prompt =
  | { readonly kind: "filter"; readonly text: string }
  | { readonly kind: "kick"; readonly key: string };

/** All that is shown. */
export interface TopState {
  /** Where the ops port is. */
  readonly place: string;
  /** The last snapshot; absent before the first. */
  readonly snapshot?: Snapshot;
  /** Against the snapshot before; absent where there is none. */
  readonly rates?: Rates;
  /** The connections of the table. */
  readonly connections: readonly OperatedConnection[];
  /** How many connections the filter matches. */
  readonly matched: number;
  /** What the table is sorted by. */
  readonly sort: ConnectionSort;
  /** Whether the least come first. */
  readonly reverse: boolean;
  /** Only connections from there; all, where it is empty. */
  readonly source: string;
  /** The 4-tuple that is selected; the first row without one. */
  readonly selected?: string;
  /** The connection whose details are shown: absent until it was asked about, `null` when it is gone. */
  readonly details?: { readonly key: string; readonly description?: OperatedDescription | null };
  /** Whether nothing is asked for until told otherwise. */
  readonly paused: boolean;
  /** Whether the keys are explained. */
  readonly help: boolean;
  readonly prompt?: Prompt;
  /** What went wrong, or was done, last. */
  readonly message: string;
}

/** What a key asks for, beyond another state. */
export type TopAction = "quit" | "refresh" | { readonly kick: string };

/** The keys that sort. */
export const SORT_KEYS: Readonly<Record<string, ConnectionSort>> = {
  r: "rate",
  b: "bytes",
  u: "queued",
  a: "age",
  i: "idle",
  t: "roundTrip",
};

/** A filter is an address or a network: nobody needs more. */
const MAX_TYPED = 64;

/** Snapshots that are closer make no rate: a key was pressed between them. */
const MIN_SECONDS = 0.2;

/** How far the page keys move. */
const PAGE = 10;

/** What is shown before the first answer. */
export function firstState(place: string): TopState {
  return {
    place,
    connections: [],
    matched: 0,
    sort: "rate",
    reverse: false,
    source: "",
    paused: false,
    help: false,
    message: "",
  };
}

/** What the ops port told in one look. */
export interface TopAnswers {
  readonly snapshot: Snapshot;
  /** The rows, in their order. */
  readonly page: Pick<TopState, "connections" | "matched">;
  /** The connection that was asked about, if one was. */
  readonly details?: NonNullable<TopState["details"]>;
}

/**
 * Takes answers in.
 *
 * @param state What is shown.
 * @param answers What was told; details only count while they are shown.
 */
export function withAnswers(
  state: TopState,
  { snapshot, page: { connections, matched }, details }: TopAnswers,
): TopState {
  const { rates: old, ...rest } = state;
  const before = state.snapshot;
  const seconds = before === undefined ? 0 : (snapshot.at - before.at) / 1000;
  const rates = before === undefined || seconds < MIN_SECONDS
    ? old
    : ratesOf(before, snapshot, seconds);
  const known = new Map(state.connections.map((connection) => [connection.key, connection]));
  return {
    ...rest,
    snapshot,
    ...rates !== undefined && { rates },
    connections: connections.map((now) => withRate(now, known.get(now.key), seconds)),
    matched,
    ...details !== undefined && details.key === state.details?.key && { details },
  };
}

/** The ops port tells the rate only where it sorts by it; otherwise two answers do. */
function withRate(
  now: OperatedConnection,
  before: OperatedConnection | undefined,
  seconds: number,
): OperatedConnection {
  if (now.bytesPerSecond !== undefined || before?.id !== now.id) return now;
  if (seconds < MIN_SECONDS) {
    const { bytesPerSecond } = before;
    return bytesPerSecond === undefined ? now : { ...now, bytesPerSecond };
  }
  const bytes = now.bytesIn + now.bytesOut - before.bytesIn - before.bytesOut;
  return { ...now, bytesPerSecond: Math.max(0, bytes / seconds) };
}

/** Undefined where sums have shrunk: a worker and its figures are gone. */
function ratesOf(before: Snapshot, now: Snapshot, seconds: number): Rates | undefined {
  const rate = (name: keyof Rates): number =>
    (now.sum.totals[name] - before.sum.totals[name]) / seconds;
  const rates = {
    opened: rate("opened"),
    closed: rate("closed"),
    bytesIn: rate("bytesIn"),
    bytesOut: rate("bytesOut"),
    messagesIn: rate("messagesIn"),
    messagesOut: rate("messagesOut"),
  };
  return Object.values(rates).every((value) => value >= 0 && Number.isFinite(value))
    ? rates
    : undefined;
}

/**
 * Returns which row is selected: that of the selected connection, or the first.
 *
 * @param state What is shown.
 */
export function selectedRow({ connections, selected }: TopState): number {
  return Math.max(0, connections.findIndex(({ key }) => key === selected));
}

/**
 * Does what a key says.
 *
 * @param state What is shown.
 * @param key A character, or a name such as `up`.
 * @returns What is shown then, and what else is to be done.
 */
export function pressKey(
  state: TopState,
  key: string,
): { readonly state: TopState; readonly action?: TopAction } {
  if (key === "ctrl-c" || key === "ctrl-d") return { state, action: "quit" };
  const said = { ...state, message: "" };
  if (state.prompt?.kind === "filter") return typeFilter(said, state.prompt.text, key);
  if (state.prompt?.kind === "kick") {
    const { prompt: _, ...rest } = said;
    return key === "y" || key === "Y"
      ? { state: rest, action: { kick: state.prompt.key } }
      : { state: { ...rest, message: "Nothing was closed" } };
  }
  if (state.help) return { state: { ...said, help: false } };
  const sort = Object.hasOwn(SORT_KEYS, key) ? SORT_KEYS[key] : undefined;
  if (sort !== undefined) return { state: { ...said, sort }, action: "refresh" };
  switch (key) {
    case "q":
      return { state, action: "quit" };
    case "s": {
      const next = (CONNECTION_SORTS.indexOf(state.sort) + 1) % CONNECTION_SORTS.length;
      return { state: { ...said, sort: CONNECTION_SORTS[next]! }, action: "refresh" };
    }
    case "v":
      return { state: { ...said, reverse: !state.reverse }, action: "refresh" };
    case "p":
      return state.paused
        ? { state: { ...said, paused: false }, action: "refresh" }
        : { state: { ...said, paused: true } };
    case "?":
    case "h":
      return { state: { ...said, help: true } };
    case "/":
      return { state: { ...said, prompt: { kind: "filter", text: state.source } } };
    case "x": {
      const target = state.details?.key ?? state.connections[selectedRow(state)]?.key;
      if (target === undefined) return { state: said };
      return { state: { ...said, prompt: { kind: "kick", key: target } } };
    }
    case "enter":
      return toggleDetails(said);
    case "escape":
    case "backspace":
      return state.details === undefined ? { state: said } : toggleDetails(said);
    case "ctrl-l":
      return { state: said, action: "refresh" };
    default:
      return { state: select(said, key) };
  }
}

function toggleDetails(state: TopState): { state: TopState; action?: TopAction } {
  const { details, ...rest } = state;
  if (details !== undefined) return { state: rest };
  const key = state.connections[selectedRow(state)]?.key;
  return key === undefined
    ? { state }
    : { state: { ...state, selected: key, details: { key } }, action: "refresh" };
}

function typeFilter(
  state: TopState,
  text: string,
  key: string,
): { state: TopState; action?: TopAction } {
  const { prompt: _, ...rest } = state;
  switch (key) {
    case "enter":
      return { state: { ...rest, source: text.trim() }, action: "refresh" };
    case "escape":
      return { state: rest };
    case "backspace":
      return { state: { ...state, prompt: { kind: "filter", text: text.slice(0, -1) } } };
    default: {
      const longer = /^[ -~]$/.test(key) ? (text + key).slice(0, MAX_TYPED) : text;
      return { state: { ...state, prompt: { kind: "filter", text: longer } } };
    }
  }
}

const MOVES: Readonly<Record<string, number>> = {
  up: -1,
  k: -1,
  down: 1,
  j: 1,
  pageup: -PAGE,
  pagedown: PAGE,
  home: -Infinity,
  end: Infinity,
};

function select(state: TopState, key: string): TopState {
  const move = Object.hasOwn(MOVES, key) ? MOVES[key]! : 0;
  if (move === 0 || state.details !== undefined || state.connections.length === 0) return state;
  const row = Math.min(state.connections.length - 1, Math.max(0, selectedRow(state) + move));
  return { ...state, selected: state.connections[row]!.key };
}
