import { assertEquals } from "@std/assert";
import { CASES } from "./cases.ts";
import { HOSTILE_CASES } from "./hostile_cases.ts";
import type { Case, Move, Skill } from "./moves.ts";
import { startServers } from "./servers.ts";

/** What a client has to do in one connection. */
export interface Script {
  url: string;
  protocols: readonly string[];
  moves: readonly Move[];
}

/** What a client told. */
export interface Played {
  /** For each group of scripts, and each script in it: what happened. */
  results: string[][][];
  /** What it printed besides and how it ended, for the message of a failure. */
  remarks: string;
}

/** A client that is tested. */
export interface Client {
  /** How the test calls it. */
  name: string;
  /** What it can do besides what every client can. */
  skills: readonly Skill[];
  /** Why it cannot run here. */
  missing?: string | undefined;
  /** Plays the scripts of a group at the same time, and one group after another. */
  play(groups: Script[][]): Promise<Played>;
}

/** Registers the test of a client, with a step for each case that it can play. */
export function testClient({ name, skills, missing, play }: Client): void {
  const cases = [...CASES, ...HOSTILE_CASES].filter(({ needs }) =>
    needs === undefined || skills.includes(needs)
  );
  Deno.test({
    name: `interop: ${name}${missing === undefined ? "" : ` (ignored: ${missing})`}`,
    ignore: missing !== undefined,
    fn: async (context) => {
      const servers = startServers();
      let ends = new Map<string, string[]>();
      let played: Played;
      try {
        played = await play(cases.map((one) => groupOf(one, servers.url(one))));
      } finally {
        ends = await servers.stop();
      }
      for (const [at, one] of cases.entries()) {
        await context.step(one.name, () => {
          const results = played.results[at];
          if (results === undefined) {
            throw new Error(`The client did not get so far. ${played.remarks}`);
          }
          for (const [client, moves] of movesOf(one).entries()) {
            const expected = moves.filter((move) => typeof move === "string");
            assertSeen(results[client] ?? [], expected, played.remarks);
          }
          if (one.ended !== undefined) {
            assertSeen(ends.get(one.name) ?? [], [one.ended], played.remarks);
          }
        });
      }
      assertEquals(played.results.length, cases.length, played.remarks);
    },
  });
}

function groupOf(one: Case, url: string): Script[] {
  const { protocols = [] } = one;
  return movesOf(one).map((moves) => ({ url, protocols, moves }));
}

/** The moves of all clients of a case. */
function movesOf({ moves, others = [] }: Case): (readonly Move[])[] {
  return [moves, ...others];
}

/** Compares what happened with what should have; what ends in … stands for all that begin so. */
function assertSeen(seen: string[], expected: string[], remarks: string): void {
  const matched = seen.map((event, at) => {
    const wanted = expected[at] ?? "";
    return wanted.endsWith("…") && event.startsWith(wanted.slice(0, -1)) ? wanted : event;
  });
  assertEquals(matched, expected, remarks);
}
