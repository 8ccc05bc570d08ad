/**
 * What is measured.
 *
 * @module
 */

import type { EchoLoad, FanOutLoad, LoadSpec, Transport } from "./load/spec.ts";

/** What a server does with the messages it gets. */
export type App = "echo" | "broadcast";

/** One case: every server gets the same load. */
export interface Case {
  /** What `--only` calls it. */
  readonly name: string;
  /** What it is, in a few words. */
  readonly title: string;
  /** What the figure counts. */
  readonly unit: string;
  /** Whether more of it is better. */
  readonly better: "more" | "less";
  /** What the server has to do. */
  readonly app: App;
  /** What the load generator does; for a case of transports, by WebSocket. */
  readonly load: LoadSpec;
  /** For a case that compares transports instead of servers: which, the first one ours. */
  readonly transports?: readonly Transport[];
}

/** The connections of a case with small messages. */
const MANY = 100;

/** Descriptors that a process has open besides its connections. */
const OTHER_DESCRIPTORS = 64;

/** A process may take its time until its memory is read. */
const SETTLE = 2;

/**
 * Lists all cases.
 *
 * @param seconds How long each is counted.
 */
export function listCases(seconds: number): Case[] {
  const echo: EchoLoad = {
    kind: "echo",
    connections: MANY,
    bytes: 64,
    text: false,
    pipeline: 1,
    seconds,
  };
  const fanOut: FanOutLoad = {
    kind: "fan-out",
    connections: 1_000,
    bytes: 64,
    pipeline: 1,
    seconds,
  };
  const rate = { unit: "msg/s", better: "more", app: "echo" } as const;
  const deliveries = { unit: "deliveries/s", better: "more", app: "broadcast" } as const;
  return [
    { name: "echo64", title: "echo, 64 B", ...rate, load: echo },
    { name: "text64", title: "echo, 64 B of text", ...rate, load: { ...echo, text: true } },
    {
      name: "echo64x16",
      title: "echo, 64 B, 16 in flight on each connection",
      ...rate,
      load: { ...echo, pipeline: 16 },
    },
    {
      name: "echo16k",
      title: "echo, 16 KiB",
      ...rate,
      load: { ...echo, connections: 50, bytes: 16_384 },
    },
    {
      name: "echo1m",
      title: "echo, 1 MiB",
      ...rate,
      load: { ...echo, connections: 8, bytes: 1_048_576 },
    },
    {
      name: "fan1000",
      title: "fan-out of 64 B to 1,000 connections",
      ...deliveries,
      load: fanOut,
    },
    {
      name: "fan1000x8",
      title: "fan-out of 64 B to 1,000 connections, 8 in flight",
      ...deliveries,
      load: { ...fanOut, pipeline: 8 },
    },
    {
      name: "fan10000",
      title: "fan-out of 64 B to 10,000 connections",
      ...deliveries,
      load: { ...fanOut, connections: 10_000 },
    },
    {
      name: "handshakes",
      title: "opening 5,000 connections, 64 at a time",
      unit: "conn/s",
      better: "more",
      app: "echo",
      load: { kind: "handshakes", connections: 5_000 },
    },
    {
      name: "idle",
      title: "resident memory of 10,000 idle connections",
      unit: "KiB/conn",
      better: "less",
      app: "echo",
      load: { kind: "idle", connections: 10_000, seconds: seconds + SETTLE },
    },
    {
      name: "push",
      title: "a 64 B message every 500 ms, ten in all, to 100 clients",
      unit: "B/delivery",
      better: "less",
      app: "broadcast",
      load: {
        kind: "push",
        transport: "websocket",
        connections: MANY,
        bytes: 64,
        messages: 10,
        interval: 500,
        pollInterval: 1_000,
      },
      transports: ["websocket", "long-polling", "polling"],
    },
  ];
}

/**
 * Tells how long a load lasts by itself, in seconds; how long connecting takes is not known.
 *
 * @param load What the load generator does.
 */
export function lengthOf(load: LoadSpec): number {
  if ("seconds" in load) return load.seconds;
  return load.kind === "push" ? load.messages * load.interval / 1_000 : 0;
}

/** What the host allows to one process; what is absent is not known, and bounds nothing. */
export interface Bounds {
  /** Descriptors. */
  descriptors?: number | undefined;
  /** Connections from one address to one address and port. */
  connectionsPerSource?: number | undefined;
}

/**
 * Says why a case cannot be run on this host.
 *
 * @param load What would be done.
 * @param bounds What the host allows.
 * @returns The reason, or `undefined` where it can be run.
 */
export function obstacle({ connections }: LoadSpec, bounds: Bounds): string | undefined {
  const { descriptors = Infinity, connectionsPerSource = Infinity } = bounds;
  const wanted = connections + OTHER_DESCRIPTORS;
  if (wanted > descriptors) {
    return `needs ${wanted} descriptors in one process, but ${descriptors} are allowed: ulimit -n ${wanted}`;
  }
  if (connections > connectionsPerSource) {
    return `needs ${connections} source ports, but net.ipv4.ip_local_port_range has ${connectionsPerSource}`;
  }
  return undefined;
}
