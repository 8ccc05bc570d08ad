import { assert, assertEquals } from "@std/assert";
import { endsOfRow, hexAddress, parseSocketRow } from "../../../server/host/socket_table.ts";
import { canonicalAddress, formatFourTuple } from "../../../server/net/four_tuple.ts";
import { bytesOf, mutate, textOf } from "../inputs.ts";
import type { FuzzTarget } from "../target.ts";

const IPV4 = ["0100007F", "00000000", "FFFFFFFF", "0A3364C6"];
const IPV6 = [
  "B80D0120000000000000000001000000",
  "00000000000000000000000000000000",
  "0000000000000000FFFF00000100007F",
  "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
];

/** A row of the kernel's table of sockets, of which a read may see half. */
export const socketRows: FuzzTarget = {
  name: "socket-rows",
  make(random) {
    const addresses = random.oneIn(2) ? IPV4 : IPV6;
    const hex = (digits: number) =>
      random.below(16 ** digits).toString(16).toUpperCase().padStart(digits, "0");
    const end = () => `${random.pick(addresses)}:${hex(4)}`;
    const queues = `${hex(8)}:${hex(8)}`;
    const row = `${`${random.below(100_000)}`.padStart(4)}: ${end()} ${end()} 0${
      random.below(14).toString(16).toUpperCase()
    } ${queues} 01:00000014 00000000  1000        0 ${random.below(2 ** 32)} 2 0000000000000000`;
    return random.oneIn(2) ? mutate(bytesOf(row), random) : bytesOf(row);
  },
  check(input) {
    const line = textOf(input);
    const ends = endsOfRow(line);
    const row = parseSocketRow(line);
    if (row === undefined) return "none";
    const { tuple, inode, receiveQueue, sendQueue } = row;
    for (const address of [tuple.sourceAddress, tuple.destinationAddress]) {
      assertEquals(canonicalAddress(address), address);
    }
    for (const port of [tuple.sourcePort, tuple.destinationPort]) {
      assert(Number.isInteger(port) && port >= 0 && port <= 65_535, `Port ${port}`);
    }
    for (const count of [inode, receiveQueue, sendQueue]) {
      assert(Number.isSafeInteger(count) && count >= 0, `Count ${count}`);
    }
    assert(formatFourTuple(tuple).length > 0);
    const [local = ""] = ends.split(":");
    // Of a v4-mapped one the canonical address is that of IPv4, which is half as long.
    if (/^\s*\d+: [0-9A-F]+:[0-9A-F]{4} /.test(line)) {
      assert(local.endsWith(hexAddress(tuple.destinationAddress)), ends);
    }
    return row.state;
  },
};
