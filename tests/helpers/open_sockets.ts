/** The kernel's number for a listening socket. */
const LISTEN = "0A";

/** 127.0.0.1 as the kernel writes it on a machine of little endian. */
const LOOPBACK = "0100007F";

/**
 * Counts the sockets on a port of 127.0.0.1 that some process still holds a descriptor of, the
 * listening one aside. Other descriptors of the process come and go as the runtime likes; these do
 * not. Linux alone can tell. A table that changes while it is read may show a socket twice.
 */
export async function openSockets(port: number): Promise<number> {
  const [, ...lines] = (await Deno.readTextFile("/proc/net/tcp")).trimEnd().split("\n");
  const local = `${LOOPBACK}:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const inodes = new Set<string>();
  for (const line of lines) {
    // Number, local address, remote address, state … and an inode, 0 once the descriptor is closed.
    const fields = line.trim().split(/\s+/);
    const [address, state, inode] = [fields[1]!, fields[3], fields[9]!];
    if (address === local && state !== LISTEN && inode !== "0") inodes.add(inode);
  }
  return inodes.size;
}
