/** Messages that the service manager has not taken; beyond it they are left out. */
const MAX_WAITING = 8;

/** The status is looked at after this many milliseconds again. */
const STATUS_INTERVAL = 10_000;

/** While it starts, reloads or stops, it asks for more time so often, in milliseconds … */
const EXTENSION_INTERVAL = 10_000;

/** … and for so much, in microseconds. */
const EXTENSION = "EXTEND_TIMEOUT_USEC=30000000";

/** The numbers that Linux has for why a start fails. */
const ERRNOS = [
  [Deno.errors.NotFound, 2],
  [Deno.errors.PermissionDenied, 13],
  [Deno.errors.AddrInUse, 98],
  [Deno.errors.AddrNotAvailable, 99],
] as const;

const ENCODER = new TextEncoder();

/** What systemd sets for a service of `Type=notify`, as far as it is used here. */
export type SystemdVariables = Readonly<
  Partial<Record<"NOTIFY_SOCKET" | "WATCHDOG_USEC" | "WATCHDOG_PID", string>>
>;

/** A datagram socket; `Deno.listenDatagram` is there only with `--unstable-net`. */
interface Datagrams {
  send(bytes: Uint8Array, to: Deno.UnixAddr): Promise<number>;
  close(): void;
}

/**
 * Tells systemd how the service is, by the protocol of `sd_notify(3)`. Where no systemd listens, and
 * where it cannot be reached, all of this does nothing: no server fails of it.
 */
export class Systemd implements Disposable {
  readonly #socket: Datagrams | undefined;
  readonly #to: Deno.UnixAddr;
  /** How often the watchdog is fed, in milliseconds; 0 where there is none. */
  readonly #feeding: number;
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  #sent: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #status = "";
  #stopping = false;
  /** Asks for more time while it runs. */
  #extending: ReturnType<typeof setInterval> | undefined = undefined;
  /** Looks at the status. */
  #look: (() => void) | undefined = undefined;

  /**
   * @param env The variables of this process.
   * @param pid The number of this process.
   */
  constructor(env: SystemdVariables, pid: number = Deno.pid) {
    const { NOTIFY_SOCKET: path = "", WATCHDOG_USEC: watchdog, WATCHDOG_PID: guarded } = env;
    // The name of an abstract socket begins with a zero byte, which no variable can hold. Deno 2.4.2
    // cannot send there.
    this.#to = { transport: "unixpacket", path: path.replace(/^@/, "\0") };
    this.#socket = /^[/@]./.test(path) ? openSocket() : undefined;
    const ours = guarded === undefined || guarded === String(pid);
    this.#feeding = ours && /^[1-9]\d{0,17}$/.test(watchdog ?? "") ? Number(watchdog) / 2_000 : 0;
    this.#extend();
  }

  /** Says that the server serves, and feeds the watchdog from now on. */
  ready(): void {
    if (!this.#stopping) {
      this.#settle();
      this.#notify("READY=1");
    }
    if (this.#socket === undefined || this.#feeding === 0) return;
    this.#timers.push(setInterval(() => this.#notify("WATCHDOG=1"), this.#feeding));
  }

  /**
   * Shows a status that changes, as `systemctl status` has it.
   *
   * @param status Gives it, on one line; an error leaves it as it was.
   * @param interval How often it is asked, in milliseconds; it is sent only when it has changed.
   */
  follow(status: () => Promise<string>, interval: number = STATUS_INTERVAL): void {
    if (this.#socket === undefined) return;
    const look = async () => {
      try {
        this.status(await status());
      } catch {
        // The next time, perhaps.
      }
    };
    this.#look = look;
    this.#timers.push(setInterval(look, interval));
    look();
  }

  /** Shows a status; the same as before is not sent again. */
  status(text: string): void {
    if (text === this.#status) return;
    this.#status = text;
    this.#notify(`STATUS=${text.replaceAll("\n", " ")}`);
  }

  /**
   * Says that the configuration is read again.
   *
   * @param reload Does it.
   * @returns What it returns.
   */
  async reloading<T>(reload: () => Promise<T>): Promise<T> {
    if (this.#stopping) return await reload();
    this.#notify(`RELOADING=1\nMONOTONIC_USEC=${monotonic()}`);
    this.#extend();
    try {
      return await reload();
    } finally {
      if (!this.#stopping) {
        this.#settle();
        this.#notify("READY=1");
      }
    }
  }

  /**
   * Says that the server drains, and from now on that it still does: a drain may take longer than
   * `TimeoutStopSec`. Asked again it does nothing.
   */
  stopping(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#notify(`STOPPING=1\n${EXTENSION}`);
    this.#extend();
    this.#look?.();
  }

  /**
   * Says why the server does not start.
   *
   * @param reason The status to show.
   * @param error What it comes from: some have a number of their own.
   */
  failed(reason: string, error?: unknown): void {
    this.status(reason);
    const [, errno] = ERRNOS.find(([type]) => error instanceof type) ?? [];
    if (errno !== undefined) this.#notify(`ERRNO=${errno}`);
  }

  /** Resolves when all so far has been said, or cannot be. */
  async flush(): Promise<void> {
    await this.#sent;
  }

  #extend(): void {
    if (this.#socket === undefined || this.#extending !== undefined) return;
    this.#extending = setInterval(() => this.#notify(EXTENSION), EXTENSION_INTERVAL);
  }

  #settle(): void {
    clearInterval(this.#extending);
    this.#extending = undefined;
  }

  /** Says no more. */
  [Symbol.dispose](): void {
    this.#settle();
    for (const timer of this.#timers) clearInterval(timer);
    this.#socket?.close();
  }

  /** One after the other, so that they come in order. */
  #notify(message: string): void {
    const socket = this.#socket;
    if (socket === undefined || this.#waiting === MAX_WAITING) return;
    this.#waiting++;
    this.#sent = this.#sent.then(() => socket.send(ENCODER.encode(message), this.#to))
      .catch(() => {}) // nobody listens any more, or the socket is closed
      .finally(() => this.#waiting--);
  }
}

function openSocket(): Datagrams | undefined {
  const { listenDatagram } = Deno as {
    listenDatagram?: (options: Deno.UnixListenOptions & { transport: "unixpacket" }) => Datagrams;
  };
  try {
    // Linux gives a socket without a path a name of its own, and leaves no file behind.
    return listenDatagram?.({ transport: "unixpacket", path: "" });
  } catch {
    return undefined;
  }
}

/**
 * The kernel's monotonic clock, in microseconds, as far as it can be read: `/proc/uptime` has
 * hundredths of a second, cut off, and counts the time in which the host was asleep. So it is never
 * too early, which systemd would take for an answer to an older reload.
 */
function monotonic(): number {
  try {
    const [seconds = "0"] = Deno.readTextFileSync("/proc/uptime").split(" ");
    return Math.round(Number(seconds) * 100 + 1) * 10_000;
  } catch {
    return 0;
  }
}
