import { Events } from "./events.ts";

const MISSING = Deno.build.os !== "linux"
  ? "needs Linux"
  : Deno.listenDatagram === undefined
  ? "needs --unstable-net"
  : undefined;

/** A test of what is said to systemd. */
export function systemdTest(name: string, fn: () => Promise<void>): void {
  const why = MISSING === undefined ? "" : ` (ignored: ${MISSING})`;
  Deno.test({ name: name + why, ignore: MISSING !== undefined, fn });
}

/** A socket that stands for systemd's. */
export interface ServiceManager extends AsyncDisposable {
  /** What `NOTIFY_SOCKET` says. */
  readonly name: string;
  /** Waits for the next message. */
  next(): Promise<string>;
}

/** Opens a socket that a service tells how it is, with a path, or with a name that is none. */
export async function serviceManager(kind: "path" | "abstract"): Promise<ServiceManager> {
  const directory = await Deno.makeTempDir();
  const unique = `${directory}/notify`;
  const path = kind === "path" ? unique : `\0${unique}`;
  const socket = Deno.listenDatagram({ transport: "unixpacket", path });
  const messages = new Events<string>();
  const receiving = (async () => {
    for (;;) {
      const [bytes] = await socket.receive();
      messages.push(new TextDecoder().decode(bytes));
    }
  })().catch(() => {}); // it is closed
  return {
    name: kind === "path" ? unique : `@${unique}`,
    next: () => messages.next(),
    async [Symbol.asyncDispose]() {
      socket.close();
      await receiving;
      await Deno.remove(directory, { recursive: true });
    },
  };
}
