import { assertEquals, assertRejects } from "@std/assert";
import { ConnectError } from "../../client/connect_error.ts";
import { closing, dial, hostOf, secure } from "../../client/dial.ts";
import { serve } from "../../mod.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../helpers/certificate.ts";
import { NO_OPENSSL, selfSigned } from "../helpers/openssl.ts";
import { MemoryTransport } from "../helpers/memory_transport.ts";

const { signal } = new AbortController();

function openssl(name: string, fn: () => Promise<void>): void {
  const ignore = NO_OPENSSL !== undefined;
  Deno.test({ name: ignore ? `${name} (ignored: ${NO_OPENSSL})` : name, ignore, fn });
}

for (
  const [url, hostname, port] of [
    ["ws://Example.COM/", "example.com", 80],
    ["wss://example.com/", "example.com", 443],
    ["wss://example.com:80/", "example.com", 80],
    ["ws://[2001:DB8::0:1]:81/", "2001:db8::1", 81],
  ] as const
) {
  Deno.test(`hostOf() reads ${url}`, () => assertEquals(hostOf(new URL(url)), { hostname, port }));
}

Deno.test("dial() opens a connection on which secure() begins with TLS", async () => {
  await using server = serve({ port: 0, cert: TEST_CERTIFICATE, key: TEST_KEY });
  const url = new URL(`wss://localhost:${server.addr.port}/`);
  const tcp = await dial(url, signal);
  const conn = await secure(tcp, url, { caCerts: [TEST_CERTIFICATE], signal });
  assertEquals(conn.remoteAddr.port, server.addr.port);
  conn.close();
});

Deno.test("secure() gives the descriptor back when there is no such name, or no trust", async () => {
  await using server = serve({ port: 0, cert: TEST_CERTIFICATE, key: TEST_KEY });
  const url = new URL(`wss://localhost:${server.addr.port}/`);
  for (const wanted of [url, new URL("wss://a_b!/")]) {
    const tcp = await dial(url, signal); // it would be a leak
    await assertRejects(() => secure(tcp, wanted, { signal }), ConnectError, "Cannot connect to");
  }
});

Deno.test("secure() takes any certificate where it is told to", async () => {
  await using server = serve({ port: 0, cert: TEST_CERTIFICATE, key: TEST_KEY });
  const url = new URL(`wss://127.0.0.1:${server.addr.port}/`);
  const conn = await secure(await dial(url, signal), url, { insecure: true, signal });
  conn.close();
});

openssl(
  "secure() takes a certificate as OpenSSL makes it, where it is named, for its own name alone",
  async () => {
    const { cert, key } = await selfSigned("EC", "ec_paramgen_curve:P-256"); // an authority (CA:TRUE)
    await using server = serve({ port: 0, cert, key });
    const url = new URL(`wss://localhost:${server.addr.port}/`);
    const attempt = async (host: string, caCerts: string[]) => {
      const wanted = new URL(url.href.replace("localhost", host));
      return await secure(await dial(url, signal), wanted, { caCerts, signal });
    };
    (await attempt("localhost", [cert])).close();
    await assertRejects(() => attempt("other.example", [cert]), ConnectError, "other.example");
    await assertRejects(
      () => attempt("localhost", [TEST_CERTIFICATE]),
      ConnectError,
      "self-signed",
    );
  },
);

Deno.test("secure() says that a server does not speak TLS", async () => {
  await using server = serve({ port: 0, log: () => {} });
  const url = new URL(`wss://localhost:${server.addr.port}/`);
  for (const options of [{}, { caCerts: [TEST_CERTIFICATE] }, { insecure: true }]) {
    await assertRejects(
      async () => await secure(await dial(url, signal), url, { ...options, signal }),
      ConnectError,
      "the server does not speak TLS on this port: expected ws:",
    );
  }
});

Deno.test("secure() by certificates of one's own ends at once when it is aborted", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const url = new URL(`wss://127.0.0.1:${port}/`);
  const conn = await dial(url, signal);
  const silent = await listener.accept();
  const abort = new AbortController();
  const securing = secure(conn, url, { insecure: true, signal: abort.signal });
  abort.abort(new RangeError("no more"));
  await assertRejects(() => securing, RangeError, "no more");
  silent.close();
});

Deno.test("closing() closes the connection when that fails which it waits for", async () => {
  const conn = new MemoryTransport();
  const failing = Promise.reject(new RangeError("no more"));
  await assertRejects(() => closing(failing, conn, signal), RangeError, "no more");
  assertEquals(conn.ends, ["close"]);
});

Deno.test("closing() closes the connection when its signal is aborted, before, meanwhile and at the end", async () => {
  const abort = new AbortController();
  const reason = new RangeError("no more");
  const conn = new MemoryTransport();
  const waiting = closing(conn.read(new Uint8Array(1)), conn, abort.signal);
  abort.abort(reason);
  await assertRejects(() => waiting, RangeError, "no more");
  assertEquals(conn.ends, ["close"]);

  // Between two steps nobody listens: the step that comes next must not wait for ever.
  const early = new MemoryTransport();
  const reading = early.read(new Uint8Array(1));
  await assertRejects(() => closing(reading, early, abort.signal), RangeError, "no more");
  assertEquals(early.ends, ["close"]);

  // What came already is not lost: it may be a turn, which has to end.
  const late = new MemoryTransport();
  const ending = new AbortController();
  const done = closing(Promise.resolve("result"), late, ending.signal);
  ending.abort(reason);
  assertEquals([await done, late.ends], ["result", ["close"]]);
});
