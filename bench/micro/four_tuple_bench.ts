import {
  formatFourTuple,
  type FourTuple,
  fourTupleOf,
  parseFourTuple,
} from "../../server/net/four_tuple.ts";
import { compare } from "./compare.ts";

/** The two ends of a connection, as the runtime names them. */
interface Ends {
  readonly remoteAddr: Deno.NetAddr;
  readonly localAddr: Deno.NetAddr;
}

/** The obvious text: addresses with a colon are IPv6 and stand in brackets. */
function naiveFormat(tuple: FourTuple): string {
  const end = (address: string, port: number) =>
    address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  return [
    end(tuple.sourceAddress, tuple.sourcePort),
    end(tuple.destinationAddress, tuple.destinationPort),
  ].join("-");
}

/** The obvious parser: a URL knows what an address is, and how it is spelt. */
function naiveParse(text: string): FourTuple {
  const [source, destination] = text.split("-").map((end) => new URL(`http://${end}`));
  if (source === undefined || destination === undefined) throw new SyntaxError("No 4-tuple");
  const address = ({ hostname }: URL) => hostname.replace(/^\[(.*)\]$/, "$1");
  return {
    sourceAddress: address(source),
    sourcePort: Number(source.port),
    destinationAddress: address(destination),
    destinationPort: Number(destination.port),
  };
}

/** A dual-stack listener shows IPv4 peers as v4-mapped. */
function naiveKey({ remoteAddr, localAddr }: Ends): string {
  const address = ({ hostname }: Deno.NetAddr) => hostname.replace(/^::ffff:(?=.*\.)/, "");
  return naiveFormat({
    sourceAddress: address(remoteAddr),
    sourcePort: remoteAddr.port,
    destinationAddress: address(localAddr),
    destinationPort: localAddr.port,
  });
}

const TEXTS = {
  "IPv4": "203.0.113.77:51324-192.0.2.10:8080",
  "IPv6": "[2001:db8:85a3::8a2e:370:7334]:51324-[2001:db8::10]:8080",
  "IPv6 in full": "[2001:0DB8:0000:0000:0000:0000:0370:7334]:51324-[2001:0db8:0:0:0:0:0:10]:8080",
};

for (const [kind, text] of Object.entries(TEXTS)) {
  compare({
    group: `parse a 4-tuple, ${kind}`,
    input: text,
    ways: { "parseFourTuple": parseFourTuple, "naive twin": naiveParse },
  });
}

for (const kind of ["IPv4", "IPv6"] as const) {
  compare({
    group: `format a 4-tuple, ${kind}`,
    input: parseFourTuple(TEXTS[kind]),
    ways: { "formatFourTuple": formatFourTuple, "naive twin": naiveFormat },
  });
}

for (const [kind, prefix] of Object.entries({ "IPv4": "", "v4-mapped": "::ffff:" })) {
  compare<Ends, string>({
    group: `key of a connection, ${kind}`,
    input: {
      remoteAddr: { transport: "tcp", hostname: `${prefix}203.0.113.77`, port: 51_324 },
      localAddr: { transport: "tcp", hostname: `${prefix}192.0.2.10`, port: 8_080 },
    },
    ways: { "fourTupleOf": (ends) => formatFourTuple(fourTupleOf(ends)), "naive twin": naiveKey },
  });
}
