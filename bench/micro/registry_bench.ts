import type { ConnectionRecord, LiveRecord } from "../../server/connection/connection_record.ts";
import { Registry } from "../../server/registry.ts";
import { compare } from "./compare.ts";
import { NaiveRegistry } from "./naive_registry.ts";

const ENTRIES = 10_000;
const PAGE = 100;

/** What the benches need of a registry, ours or the twin. */
interface AnyRegistry {
  add(entry: LiveRecord): unknown;
  delete(entry: LiveRecord): void;
  get(key: string): ConnectionRecord | undefined;
  list(options: { after: number; limit: number }): ConnectionRecord[];
  totals(): unknown;
}

/** An entry that has as much to tell as a connection. */
function entryOf(id: number): LiveRecord {
  return {
    id,
    key: `127.0.${id >> 8}.${id & 0xff}:${20_000 + id}-127.0.0.1:8080`,
    state: "open",
    target: "/chat",
    client: undefined,
    subprotocol: undefined,
    deflateBytes: undefined,
    connectedAt: 1_000 + id,
    lastActivity: 2_000 + id,
    bytesIn: 3 * id,
    bytesOut: 5 * id,
    messagesIn: id,
    messagesOut: 2 * id,
    messagesDropped: 0,
    queuedBytes: 0,
    roundTrip: undefined,
  };
}

/** Twice as many as are connected at once, so that one who leaves comes back long after. */
const ALL = Array.from({ length: 2 * ENTRIES }, (_, i) => entryOf(i + 1));

function filled<R extends AnyRegistry>(registry: R): R {
  for (const entry of ALL.slice(0, ENTRIES)) registry.add(entry);
  return registry;
}

/** Runs the same on both, each with as many entries. */
function compareRegistries<Result>(
  group: string,
  run: (registry: AnyRegistry) => Result,
  view: (result: Result) => unknown = (result) => result,
): void {
  const ours: AnyRegistry = filled(new Registry(() => Promise.resolve(undefined)));
  const twin: AnyRegistry = filled(new NaiveRegistry());
  compare({
    group: `${group} among ${ENTRIES}`,
    input: undefined,
    ways: { "Registry": () => run(ours), "naive twin": () => run(twin) },
    view,
  });
}

/** The oldest leaves and a new one comes; each time others, as a key that returns at once is rare. */
function churn(): (registry: AnyRegistry) => AnyRegistry {
  const turns = new Map<AnyRegistry, number>();
  return (registry) => {
    const turn = turns.get(registry) ?? 0;
    turns.set(registry, turn + 1);
    registry.delete(ALL[turn % ALL.length]!);
    registry.add(ALL[(turn + ENTRIES) % ALL.length]!);
    return registry;
  };
}

const { key } = ALL[ENTRIES / 2]!;
const otherSpelling = key.replaceAll(/[\d.]+(?=:)/g, "[::FFFF:$&]");

compareRegistries("delete and add a connection", churn(), (registry) => registry.totals());
compareRegistries("get a connection", (registry) => registry.get(key));
compareRegistries(
  "get a connection by another spelling",
  (registry) => registry.get(otherSpelling),
);
compareRegistries("list the first page", (registry) => registry.list({ after: 0, limit: PAGE }));
compareRegistries(
  "list the last page",
  (registry) => registry.list({ after: ENTRIES - PAGE, limit: PAGE }),
);
compareRegistries("total all connections", (registry) => registry.totals());
