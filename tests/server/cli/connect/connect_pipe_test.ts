import { assert, assertEquals } from "@std/assert";
import type { ClientConnection } from "../../../../client/client_connection.ts";
import { connect } from "../../../../client/connect.ts";
import { type Connection, serve } from "../../../../mod.ts";
import {
  Pipe,
  type PipeOptions,
  type PipeResult,
  SILENCE,
} from "../../../../server/cli/connect/connect_pipe.ts";
import { pause } from "../../../../server/loop/pause.ts";
import { until } from "../../../helpers/events.ts";
import { HeldTimers } from "../../../helpers/manual_timers.ts";

const USUAL: PipeOptions = { oneMessage: false, atEnd: "wait" };

/** Runs a pipe to a server of ours, and gives what came too. */
async function pipe(
  handlers: {
    open?: (connection: Connection) => void;
    message?: (connection: Connection, data: string | Uint8Array) => unknown;
  },
  input: AsyncIterable<string | Uint8Array>,
  options: PipeOptions,
  deliver: () => boolean = () => true,
): Promise<PipeResult & { readonly got: unknown[]; readonly ended: number }> {
  await using server = serve({ port: 0, ...handlers });
  const connection: ClientConnection = await connect(server.url);
  const got: unknown[] = [];
  let ended = 0;
  const result = await new Pipe(connection, (data) => {
    got.push(data);
    return Promise.resolve(deliver());
  }, options).run(input, () => ended++);
  return { ...result, got, ended };
}

const echo = {
  message: (connection: Connection, data: string | Uint8Array) => connection.send(data),
};

async function* words(...all: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  yield* all;
}

Deno.test("Pipe sends all, and closes when nothing has come for a while", async () => {
  const { status, got, ended, left, cutShort } = await pipe(echo, words("a", "b"), USUAL);
  assertEquals([status.code, got, ended, left, cutShort], [1000, ["a", "b"], 1, false, false]);
});

Deno.test("Pipe waits for answers as long as they come", async () => {
  using silence = new HeldTimers(SILENCE);
  let waiting: number | undefined;
  const slow = {
    async message(connection: Connection) {
      for (let part = 1; part <= 4; part++) {
        // It begins when all was sent, and anew with each answer.
        await until("it waits for more", () => silence.begun === part);
        connection.send(`${part}`);
      }
      await until("it has the last answer", () => silence.begun === 5);
      waiting = silence.size;
      silence.fire();
    },
  };
  assertEquals((await pipe(slow, words("a"), USUAL)).got, ["1", "2", "3", "4"]);
  assertEquals([waiting, silence.begun], [1, 5]);
});

Deno.test("Pipe closes some time after the end, whatever comes", async () => {
  const noticed = Promise.withResolvers<void>();
  const restless = {
    async open(connection: Connection) {
      while (connection.send("more") !== "dropped") await pause(5);
      noticed.resolve();
    },
    message() {},
  };
  const { status, got } = await pipe(restless, words("a"), { ...USUAL, wait: 100 });
  assertEquals(status.code, 1000);
  assert(got.length > 0);
  await noticed.promise;
});

Deno.test("Pipe closes at the end, or leaves that to the peer", async () => {
  const silent = { message() {} };
  assertEquals((await pipe(silent, words("a"), { ...USUAL, atEnd: "close" })).status.code, 1000);
  const closing = { message: (connection: Connection) => connection.close(4000, "enough") };
  const { status } = await pipe(closing, words("a"), { ...USUAL, atEnd: "stay" });
  assertEquals(status, { code: 4000, reason: "enough" });
});

Deno.test("Pipe sends one and takes one, whichever comes first", async () => {
  const one: PipeOptions = { ...USUAL, oneMessage: true };
  let sent = 0;
  const counting = {
    message(connection: Connection) {
      sent++;
      connection.send("answer");
      connection.send("more");
    },
  };
  assertEquals((await pipe(counting, words("a", "b"), one)).got, ["answer"]);
  assertEquals(sent, 1);
  const greeting = { open: (connection: Connection) => void connection.send("welcome") };
  assertEquals((await pipe(greeting, words(), one)).got, ["welcome"]);
});

Deno.test("Pipe closes when nobody reads on", async () => {
  const { status, left, got } = await pipe(echo, words("a", "b"), USUAL, () => false);
  assertEquals([status.code, left, got.length], [1000, true, 1]);
});

Deno.test("Pipe closes when the input fails, and says why", async () => {
  const error = new TypeError("no UTF-8");
  async function* failing() {
    yield "a";
    await Promise.reject(error);
  }
  const result = await pipe(echo, failing(), USUAL);
  assertEquals([result.status.code, result.error], [1000, error]);
});

Deno.test("Pipe says so when the connection ends before all was sent", async () => {
  const over = Promise.withResolvers<void>();
  async function* long() {
    yield "a";
    await over.promise;
    yield "b";
  }
  await using server = serve({
    port: 0,
    message: (connection) => connection.close(1001),
  });
  const connection = await connect(server.url);
  const { cutShort, status } = await new Pipe(connection, () => Promise.resolve(true), USUAL)
    .run(long(), over.resolve);
  assertEquals([cutShort, status.code], [true, 1001]);
});
