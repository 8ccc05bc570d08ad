/**
 * Makes the two ends of a Unix socket; the caller closes both.
 *
 * @returns One end and the other.
 */
export async function socketPair(): Promise<[Deno.UnixConn, Deno.UnixConn]> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/socket`;
    using listener = Deno.listen({ transport: "unix", path });
    return await Promise.all([Deno.connect({ transport: "unix", path }), listener.accept()]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
