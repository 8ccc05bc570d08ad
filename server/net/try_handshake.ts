import { nextTick } from "node:process";
import { Duplex } from "node:stream";
import { connect, type SecureContext, TLSSocket } from "node:tls";

/** A handshake in memory takes some milliseconds; one that takes this many will never end. */
const DEADLINE = 5_000;

/**
 * Makes a handshake of TLS in memory, as a client does that trusts every certificate: the TLS layer
 * takes certificates that it cannot use, and says so to the first client.
 *
 * @param context The certificate.
 * @throws {Error} When no client could connect; it says why.
 */
export async function tryHandshake(context: SecureContext): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error("handshake does not end")), DEADLINE);
  const [ours, theirs] = duplexPair();
  const server = watched(new TLSSocket(ours, { isServer: true, secureContext: context }), reject);
  // It starts in the next tick; until then, bytes that are no good would throw in it.
  nextTick(() => {
    if (server.destroyed) return;
    const client = watched(connect({ socket: theirs, rejectUnauthorized: false }), reject);
    client.on("secureConnect", resolve);
  });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    theirs.destroy();
    ours.destroy();
  }
}

function watched(socket: TLSSocket, fail: (error: Error) => void): TLSSocket {
  socket.on("error", fail);
  socket.on("_tlsError", fail); // by which a fault comes before the handshake is over
  return socket;
}

/** Two ends of one stream of bytes. */
function duplexPair(): [Duplex, Duplex] {
  const end = (other: () => Duplex): Duplex =>
    new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        other().push(chunk);
        done();
      },
    });
  const one: Duplex = end(() => two);
  const two: Duplex = end(() => one);
  return [one, two];
}
