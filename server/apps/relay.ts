import { type Limits, serve, type ServeOptions, type Server } from "../../mod.ts";
import { greeting } from "./greeting.ts";
import { readOnly } from "./read_only.ts";
import { type RelayData, RelayRoom } from "./relay_room.ts";
import { freeNickname, nicknameFault, nicknameKey } from "./talk_names.ts";

/** What holds unless the options say otherwise: nothing of a message is kept, so it may be of any size. */
export const RELAY_LIMITS: Pick<Limits, "messageBytes" | "messageFragments"> = {
  messageBytes: Number.MAX_SAFE_INTEGER,
  messageFragments: Number.MAX_SAFE_INTEGER,
};

/** What the relay needs of the options of the server under it. */
export type RelayOptions = Pick<
  ServeOptions<RelayData>,
  "hostname" | "port" | "proxies" | "cert" | "key" | "origins" | "deflate" | "limits" | "log"
>;

/**
 * Passes every message on to all other connections while it arrives, and never holds one as a whole:
 * each piece that comes becomes a frame for everybody else.
 *
 * In front of a binary message stand one byte of length and the sender's nickname in UTF-8. It is what
 * the request's query asks for with `name`, or `guest-1`; a number is added where somebody else has
 * it. Text goes on as it is. Who comes in the middle of a message gets the next one.
 *
 * - A receiver gets one message at a time (RFC 6455 5.4); other senders wait and are not read, in the
 *   order in which they began. So clients have to read while they send.
 * - A sender is read as fast as the fastest of its receivers takes. One that is `sendQueueBytes` behind
 *   makes the others wait; where it does that for a second more than it does not, it is closed with
 *   1013, unless `whenFull` is `wait`. A single receiver sets its sender's pace. One that takes
 *   nothing at all for `streamTimeout` is closed with 1013, whatever the policy.
 * - A sender that leaves in the middle of a message costs nobody else anything: the message ends with
 *   U+FFFD and `[broke off]`, behind a whole character. So does that of one that gives nothing for
 *   `streamTimeout`, who is closed with 1008. One that gives little holds its receivers as long as it
 *   likes.
 *
 * While a sender waits, its pings are answered as long as no more than 64 KiB are before them.
 *
 * So what is held is, for a sender, the read buffer and 128 KiB; for a message `sendQueueBytes` and a
 * piece, shared by its receivers; for a receiver half of `sendQueueBytes` and a piece in its queue.
 *
 * @param options Where to listen, and the limits.
 * @returns The running server.
 */
export function relay(options: RelayOptions): Server<RelayData> {
  /** The keys of the nicknames that are taken. */
  const names = new Set<string>();
  let entered = 0;
  const server: Server<RelayData> = serve<RelayData>({
    ...options,
    limits: { ...RELAY_LIMITS, ...options.limits },
    fetch: readOnly(greeting),
    upgrade(request) {
      const wanted = new URL(request.url).searchParams.get("name")?.trim();
      const fault = wanted === undefined ? undefined : nicknameFault(wanted);
      if (fault !== undefined) return new Response(`${fault}\n`, { status: 400 });
      return { data: { wanted, name: "", header: new Uint8Array(0), receiving: false } };
    },
    async open(member) {
      const { wanted = `guest-${++entered}` } = member.data;
      const name = freeNickname(wanted, (key) => names.has(key));
      if (name === undefined) return member.close(1008, "Nickname is taken by too many");
      names.add(nicknameKey(name));
      member.data = { wanted, name, header: headerOf(name), receiving: false };
      room.enter(member);
      for await (const message of member.messages({ stream: true })) {
        await room.pass(member, message);
      }
    },
    close(member) {
      names.delete(nicknameKey(member.data.name));
      room.leave(member);
    },
  });
  const room = new RelayRoom(() => server.operations.limits(), options.log ?? (() => {}));
  return server;
}

/** One byte of length, and the nickname in UTF-8. */
function headerOf(name: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(name);
  const header = new Uint8Array(1 + bytes.length);
  header[0] = bytes.length;
  header.set(bytes, 1);
  return header;
}
