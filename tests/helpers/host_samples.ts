import type { HostReader } from "../../server/host/host_reader.ts";

/** A /proc/PID/limits. */
export const LIMITS = `\
Limit                     Soft Limit           Hard Limit           Units     
Max cpu time              unlimited            unlimited            seconds   
Max processes             96365                96365                processes 
Max open files            1024                 524288               files     
Max locked memory         8388608              8388608              bytes     
`;

/** A /proc/net/sockstat. */
export const SOCKSTAT = `\
sockets: used 312
TCP: inuse 27 orphan 1 tw 4 alloc 95 mem 319
UDP: inuse 3 mem 0
FRAG: inuse 0 memory 0
`;

/** A /proc/meminfo. */
export const MEMINFO = `\
MemTotal:       16000000 kB
MemFree:         1000000 kB
MemAvailable:    8000000 kB
Buffers:          200000 kB
`;

/** AT_SYSINFO_EHDR, AT_PAGESZ and AT_NULL, as a 64-bit kernel hands them to a program. */
export function auxv(pageSize: number): Uint8Array {
  return new Uint8Array(
    new BigUint64Array([33n, 0x7fff0000n, 6n, BigInt(pageSize), 0n, 0n]).buffer,
  );
}

/** A host with these files and no others. */
export function hostOf(files: Record<string, string>, bytes?: Uint8Array): HostReader {
  return {
    text: (path) => Promise.resolve(files[path]),
    bytes: () => Promise.resolve(bytes),
  };
}

/** Returns what this host must have. */
export function there<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("Expected a value that could be read");
  return value;
}

/** A test that needs Linux's /proc. */
export function linuxTest(name: string, fn: () => Promise<void> | void): void {
  const ignore = Deno.build.os !== "linux";
  Deno.test({ name: ignore ? `${name} (ignored: needs Linux's /proc)` : name, ignore, fn });
}
