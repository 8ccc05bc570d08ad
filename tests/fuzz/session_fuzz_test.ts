import { assert, assertEquals } from "@std/assert";
import { forEveryChunking } from "../helpers/chunks.ts";
import { randomWire } from "../helpers/random_wire.ts";
import { Random } from "../helpers/random.ts";
import { RecordingSession } from "../helpers/recording_session.ts";

const LIMITS = { messageBytes: 2_000, messageFragments: 6 };
const ROUNDS = 1_500;

for (const role of ["server", "client"] as const) {
  Deno.test(`Session as ${role} does the same for every chunking of random and mutated frames`, () => {
    let messages = 0;
    const closes = new Set<string>();
    for (let seed = 0; seed < ROUNDS; seed++) {
      const wire = randomWire(role, new Random(seed));
      const closing = new Random(seed).oneIn(10);
      const run = (chunks: Uint8Array[]): RecordingSession => {
        const recording = new RecordingSession(role, LIMITS);
        if (closing) recording.session.close(1000);
        // It lets nothing but ProtocolError through.
        recording.feed(...chunks);
        return recording;
      };
      const { log, session } = run([wire.slice()]);
      forEveryChunking(wire, (chunks) => {
        const actual = run(chunks);
        assertEquals(actual.log, log, `Wire of seed ${seed}`);
        assertEquals(actual.session.state, session.state);
        assertEquals(actual.session.closeStatus, session.closeStatus);
        assertEquals(actual.session.closedBy, session.closedBy);
      }, [seed]);

      // 5.5.1: after Close nothing is sent and no message is handed out.
      const sent = log.filter((line) => line.startsWith("sent close"));
      assert(sent.length <= 1, `Seed ${seed} sent ${sent}`);
      const after = sent.length === 0 ? [] : log.slice(log.indexOf(sent[0]!) + 1);
      assertEquals(after.filter((line) => /^(sent|text|binary)/.test(line)), [], `Seed ${seed}`);
      messages += log.filter((line) => /^(text|binary)/.test(line)).length;
      for (const line of sent) closes.add(line);
      session.receiveEof();
      assertEquals(session.state, "closed");
    }
    assert(messages > ROUNDS / 2, `Only ${messages} messages`);
    for (const code of [1002, 1007, 1008, 1009]) {
      assert(closes.has(`sent close ${code}`), `${code}`);
    }
  });
}
