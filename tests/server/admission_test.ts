import { assertEquals } from "@std/assert";
import { ResponseHeadParser } from "../../protocol/mod.ts";
import {
  type AdmissionRefusal,
  connectionsByDescriptors,
  TOO_MANY,
  TOO_MANY_OF_ADDRESS,
} from "../../server/admission.ts";
import { descriptorLimit } from "../../server/host.ts";

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
