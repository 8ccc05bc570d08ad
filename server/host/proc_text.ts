/**
 * Reads the texts of Linux's /proc that hold figures. A value with another shape than expected is
 * absent.
 *
 * @module
 */

/** The TCP sockets of the whole host (its network namespace), from /proc/net/sockstat. */
export interface TcpSockets {
  /** Sockets in use, IPv4 only. */
  readonly inUse: number;
  /** Sockets allocated, IPv4 and IPv6. */
  readonly allocated: number;
  /**
   * Memory of the data that waits in their buffers, in pages (see `pageSize` of the host's limits).
   */
  readonly memoryPages: number;
}

/** The descriptors that a process may have open. */
export interface DescriptorLimits {
  /** The limit now; the process itself can raise it as far as `hard`. */
  readonly soft?: number;
  /** The limit that only root can raise. */
  readonly hard?: number;
}

/** Reads the "Max open files" line of a /proc/PID/limits. An "unlimited" one is absent. */
export function parseDescriptorLimits(text: string): DescriptorLimits | undefined {
  const label = "Max open files";
  const line = text.split("\n").find((line) => line.startsWith(label));
  if (line === undefined) return undefined;
  const [soft, hard] = words(line.slice(label.length)).map(wholeNumber);
  return present<DescriptorLimits>({ soft, hard });
}

/** Reads the "TCP:" line of /proc/net/sockstat. */
export function parseSockstat(text: string): TcpSockets | undefined {
  const line = text.split("\n").find((line) => line.startsWith("TCP:"));
  if (line === undefined) return undefined;
  const fields = words(line);
  const field = (name: string): number | undefined => {
    const index = fields.indexOf(name);
    return index === -1 ? undefined : wholeNumber(fields[index + 1]);
  };
  const inUse = field("inuse");
  const allocated = field("alloc");
  const memoryPages = field("mem");
  if (inUse === undefined || allocated === undefined || memoryPages === undefined) return undefined;
  return { inUse, allocated, memoryPages };
}

/**
 * Reads `OutRsts` from /proc/net/snmp, where a line of names comes before the line of its figures.
 */
export function parseSentResets(text: string): number | undefined {
  const [names, figures] = text.split("\n").filter((line) => line.startsWith("Tcp:")).map(words);
  return wholeNumber(figures?.[names!.indexOf("OutRsts")]);
}

/**
 * Reads the page size from /proc/self/auxv: pairs of 64-bit words, AT_PAGESZ is type 6
 * (getauxval(3)).
 */
export function parsePageSize(auxv: Uint8Array): number | undefined {
  const view = new DataView(auxv.buffer, auxv.byteOffset, auxv.byteLength);
  for (let offset = 0; offset + 16 <= auxv.byteLength; offset += 16) {
    if (view.getBigUint64(offset, true) === 6n) return Number(view.getBigUint64(offset + 8, true));
  }
  return undefined;
}

/** Returns the object without the fields that are undefined. */
export function present<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as T;
}

/** Splits at white space. */
export function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

/** Returns the number that a text is, if it is nothing but digits. */
export function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
