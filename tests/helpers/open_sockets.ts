/** The kernel's number for a listening socket. */
const LISTEN = "0A";

/**
 * Counts the sockets on one of our IPv4 ports that some process still holds a descriptor of, the
 * listening one aside. Other descriptors of the process come and go as the runtime likes; these do
 * not. Linux alone can tell.
 */
export async function openSockets(port: number): Promise<number> {
  const [, ...lines] = (await Deno.readTextFile("/proc/net/tcp")).trimEnd().split("\n");
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return lines.filter((line) => {
    // Number, local address, remote address, state … and an inode, 0 once the descriptor is closed.
    const fields = line.trim().split(/\s+/);
    return fields[1]!.endsWith(suffix) && fields[3] !== LISTEN && fields[9] !== "0";
  }).length;
}
