import { assertEquals } from "@std/assert";
import type { LogEntry } from "../../../mod.ts";
import {
  type FiguresReader,
  TalkFigures,
  type TalkReport,
} from "../../../server/apps/talk_figures.ts";
import { Events } from "../../helpers/events.ts";

const report: TalkReport = {
  connections: 200,
  descriptors: { open: 210, soft: 1000, hard: 2000 },
  memory: { perConnection: 9000 },
  serverPorts: 1,
  fourTuples: 200,
};

const figures = {
  type: "figures",
  connections: 200,
  descriptors: { open: 210, limit: 1000 },
  bytesPerConnection: 9000,
  serverPorts: 1,
  fourTuples: 200,
};

class Reader implements FiguresReader {
  readonly received: Events<string> = new Events();
  send = this.received.push;
}

Deno.test("TalkFigures gives figures to whoever is here, and at once to who comes later", async () => {
  const [early, late] = [new Reader(), new Reader()];
  const readers = new Set<FiguresReader>([early]);
  const sender = new TalkFigures(readers, () => Promise.resolve(report), undefined);
  sender.start(early);
  assertEquals(JSON.parse(await early.received.next()), figures);
  readers.add(late);
  sender.start(late);
  assertEquals(late.received.all.map((text) => JSON.parse(text)), [figures]);
  // The next ones come by themselves.
  assertEquals(JSON.parse(await early.received.next()), figures);
  sender.stop();
});

Deno.test("TalkFigures leaves out what the report does not know", async () => {
  const reader = new Reader();
  const { connections, serverPorts, fourTuples } = report;
  const little = { connections, memory: {}, serverPorts, fourTuples };
  const sender = new TalkFigures(new Set([reader]), () => Promise.resolve(little), undefined);
  sender.start(reader);
  const { descriptors: _, bytesPerConnection: __, ...rest } = figures;
  assertEquals(JSON.parse(await reader.received.next()), rest);
  sender.stop();
});

Deno.test("TalkFigures logs a report that fails, but not one that fails after the end", async () => {
  const log = new Events<LogEntry>();
  const reader = new Reader();
  const error = new Error("No report");
  const broken = new TalkFigures(new Set([reader]), () => Promise.reject(error), log.push);
  broken.start(reader);
  assertEquals(await log.next(), {
    level: "warning",
    event: "figures",
    message: "Cannot make a report",
    error,
  });
  broken.stop();

  const late = Promise.withResolvers<TalkReport>();
  const stopped = new TalkFigures(new Set([reader]), () => late.promise, log.push);
  stopped.start(reader);
  stopped.stop();
  late.reject(error);
  await late.promise.catch(() => {});
  await Promise.resolve();
  assertEquals([log.all.length, reader.received.all], [1, []]);
});
