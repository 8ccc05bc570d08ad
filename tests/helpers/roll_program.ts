/**
 * A program for tests: rolls workers under load, and prints how that went as JSON. Its argument is
 * how often. It runs in a network namespace of its own, whose loopback it finds up.
 *
 * @module
 */
import { clusterOf } from "./clusters.ts";
import { HandshakeLoad } from "./handshake_load.ts";

/** How it went. */
export interface RollStory {
  /** What each roll has returned. */
  readonly resets: (number | undefined)[];
  /** Handshakes that succeeded. */
  readonly succeeded: number;
  /** Why others did not. */
  readonly refused: string[];
}

if (import.meta.main) {
  await using it = await clusterOf("echo");
  const load = new HandshakeLoad(it.cluster.addr, 32);
  const resets: (number | undefined)[] = [];
  while (resets.length < Number(Deno.args[0])) resets.push(await it.cluster.roll());
  await load.stop();
  const { succeeded, refused } = load;
  const story: RollStory = { resets, succeeded, refused };
  await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(story)}\n`));
}
