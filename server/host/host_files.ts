import { openDescriptors } from "./host.ts";
import { absentOnFailure } from "./host_reader.ts";
import {
  type DescriptorLimits,
  parseDescriptorLimits,
  parseSockstat,
  present,
  type TcpSockets,
} from "./proc_text.ts";

/** The result of {@linkcode HostFiles.read}. An absent field could not be read. */
export interface HostUse {
  /** Descriptors that this process has open. */
  readonly descriptorsOpen?: number;
  /** The limits of this process, which prlimit(1) can change while it runs. */
  readonly descriptors?: DescriptorLimits;
  /** The TCP sockets of the whole host. */
  readonly tcpSockets?: TcpSockets;
}

/**
 * The host files that a running report reads, held open from start-up: when descriptors have run
 * out, nothing can be opened any more. Costs two descriptors.
 */
export class HostFiles {
  readonly #limits: ProcFile | undefined;
  readonly #sockstat: ProcFile | undefined;

  /** Use {@linkcode HostFiles.open}. */
  constructor(limits: ProcFile | undefined, sockstat: ProcFile | undefined) {
    this.#limits = limits;
    this.#sockstat = sockstat;
  }

  /** Opens all files that can be opened. Never fails. The caller owns the result and closes it. */
  static async open(): Promise<HostFiles> {
    const [limits, sockstat] = await Promise.all([
      ProcFile.open("/proc/self/limits"),
      ProcFile.open("/proc/net/sockstat"),
    ]);
    return new HostFiles(limits, sockstat);
  }

  /** Reads the present figures. Concurrent calls are safe. */
  async read(): Promise<HostUse> {
    const [descriptorsOpen, limits, sockstat] = await Promise.all([
      openDescriptors(),
      this.#limits?.read(),
      this.#sockstat?.read(),
    ]);
    return present<HostUse>({
      descriptorsOpen,
      descriptors: limits === undefined ? undefined : parseDescriptorLimits(limits),
      tcpSockets: sockstat === undefined ? undefined : parseSockstat(sockstat),
    });
  }

  /** Closes the files; reading afterwards returns only values that need none of them. */
  close(): void {
    this.#limits?.close();
    this.#sockstat?.close();
  }
}

/** One /proc file held open; the kernel writes it anew each time it is read from the start. */
class ProcFile {
  readonly #file: Deno.FsFile;
  #closed = false;
  #reading: Promise<string | undefined> | undefined;

  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  static async open(path: string): Promise<ProcFile | undefined> {
    const file = await absentOnFailure(() => Deno.open(path));
    return file && new ProcFile(file);
  }

  /** The file has one position, so calls at the same time share one read. */
  read(): Promise<string | undefined> {
    this.#reading ??= absentOnFailure(() => this.#readOnce())
      .finally(() => this.#reading = undefined);
    return this.#reading;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.close();
  }

  async #readOnce(): Promise<string> {
    const buffer = new Uint8Array(4096);
    let length = 0;
    await this.#file.seek(0, Deno.SeekMode.Start);
    for (;;) {
      const read = await this.#file.read(buffer.subarray(length));
      if (!read) break;
      length += read;
    }
    return new TextDecoder().decode(buffer.subarray(0, length));
  }
}
