import { assertEquals } from "@std/assert";
import { ResponseHeadParser } from "../../../protocol/mod.ts";
import { connectionsByDescriptors } from "../../../server/host/capacity.ts";
import { descriptorLimit } from "../../../server/host/host.ts";
import {
  Admission,
  type AdmissionRefusal,
  TOO_MANY,
  TOO_MANY_OF_ADDRESS,
} from "../../../server/http/admission.ts";
import { Proxies } from "../../../server/http/proxy/proxies.ts";
import type { Limits } from "../../../server/limits.ts";
import { LogBook } from "../../helpers/log_book.ts";

function read({ response }: AdmissionRefusal): [number, string | undefined, string] {
  const parser = new ResponseHeadParser();
  const head = parser.push(response)!;
  const length = Number(head.headers.get("content-length"));
  assertEquals(parser.rest.length, length);
  const text = new TextDecoder().decode(parser.rest);
  return [head.status, head.headers.get("retry-after"), text];
}

Deno.test("TOO_MANY is a whole 503, and TOO_MANY_OF_ADDRESS a whole 429", () => {
  assertEquals(read(TOO_MANY), [503, "5", "Too many connections\n"]);
  assertEquals(read(TOO_MANY_OF_ADDRESS), [429, "5", "Too many connections from this address\n"]);
  assertEquals([TOO_MANY.reason, TOO_MANY_OF_ADDRESS.reason], [
    "CONNECTIONS_LIMIT",
    "ADDRESS_LIMIT",
  ]);
});

Deno.test("connectionsByDescriptors() stays below the limit, and knows no bound where there is none", async () => {
  const limit = descriptorLimit();
  const connections = await connectionsByDescriptors();
  assertEquals(limit === undefined, connections === Infinity);
  if (limit !== undefined) assertEquals(connections > 0 && connections < limit, true);
});

/** A connection that was just accepted from an address. */
function from(hostname: string): Pick<Deno.TcpConn, "localAddr" | "remoteAddr"> {
  return {
    localAddr: { transport: "tcp", hostname: "192.0.2.9", port: 80 },
    remoteAddr: { transport: "tcp", hostname, port: 4_000 },
  };
}

/** What decides about admission under some limits, its clock and its log. */
class Gate {
  now = 0;
  readonly book = new LogBook();
  readonly limits: { -readonly [Name in keyof Limits]?: Limits[Name] };
  readonly admission: Admission;

  constructor(limits: Partial<Limits>, proxies?: Proxies) {
    this.limits = limits;
    const { log } = this.book;
    this.admission = new Admission({ limits, proxies, clock: () => this.now, log });
  }
}

Deno.test("Admission bounds all connections together, and has no bound before it is known", async () => {
  const { admission } = new Gate({});
  assertEquals(admission.maxConnections, Infinity);
  await admission.prepare();
  assertEquals(admission.maxConnections, await connectionsByDescriptors());
  const bounded = new Gate({ connections: 3 }).admission;
  assertEquals(bounded.maxConnections, 3);
  assertEquals(bounded.refusalOf(from("192.0.2.1"), 2), undefined);
  assertEquals(bounded.refusalOf(from("192.0.2.1"), 3), TOO_MANY);
});

Deno.test("Admission says that the limit is reached once, and again after some quiet", () => {
  const gate = new Gate({ connections: 1 });
  const lines: number[] = [];
  for (gate.now of [0, 9_999, 19_998, 29_998]) {
    gate.admission.refusalOf(from("192.0.2.1"), 1);
    lines.push(gate.book.entries("connections_limit").length);
  }
  assertEquals(lines, [1, 1, 1, 2], "Each refusal begins the quiet anew");
  const { level, message } = gate.book.entries()[0]!;
  assertEquals(
    `${level}: ${message}`,
    "warning: Connection limit of 1 is reached: new ones get 503",
  );
});

Deno.test("Admission bounds the connections of each address", () => {
  const { admission, book } = new Gate({ connectionsPerAddress: 2 });
  const here = { remoteAddress: "192.0.2.1" };
  for (const who of [here, here, { remoteAddress: undefined }]) admission.add(who);
  assertEquals(admission.refusalOf(from("192.0.2.1"), 2), TOO_MANY_OF_ADDRESS);
  assertEquals(admission.refusalOf(from("192.0.2.2"), 2), undefined);
  assertEquals([admission.hasRoomFor("192.0.2.1"), book.entries()], [false, []]);
  for (const who of [here, { remoteAddress: undefined }]) admission.delete(who);
  assertEquals(admission.refusalOf(from("192.0.2.1"), 1), undefined);
});

Deno.test("Admission lets a trusted proxy bring many clients", () => {
  const proxies = new Proxies({ trusted: ["192.0.2.1"], protocol: true });
  const { admission } = new Gate({ connectionsPerAddress: 1 }, proxies);
  for (const address of ["192.0.2.1", "192.0.2.2"]) admission.add({ remoteAddress: address });
  assertEquals(admission.refusalOf(from("192.0.2.1"), 2), undefined);
  assertEquals(admission.refusalOf(from("192.0.2.2"), 2), TOO_MANY_OF_ADDRESS);
});

Deno.test("Admission.recount() counts everybody when addresses begin to count", () => {
  const gate = new Gate({});
  const { admission } = gate;
  const all = ["192.0.2.1", "192.0.2.1", "192.0.2.2"].map((address) => ({
    remoteAddress: address,
  }));
  for (const who of all) admission.add(who);
  gate.limits.connectionsPerAddress = 2;
  assertEquals(admission.hasRoomFor("192.0.2.1"), true);
  for (let times = 0; times < 2; times++) admission.recount(all);
  const room = ["192.0.2.1", "192.0.2.2"].map((address) => admission.hasRoomFor(address));
  assertEquals(room, [false, true]);
});
