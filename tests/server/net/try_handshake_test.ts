import { assertRejects } from "@std/assert";
import { createSecureContext } from "node:tls";
import { tryHandshake } from "../../../server/net/try_handshake.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../../helpers/certificate.ts";
import { NO_OPENSSL, selfSigned } from "../../helpers/openssl.ts";

/** TLS of ours stands on what node:tls can do since Deno 2.9.6. */
const tooOld = Deno.version.deno.localeCompare("2.9.6", "en", { numeric: true }) < 0;

function test(name: string, reason: string | undefined, fn: () => Promise<void>): void {
  const missing = tooOld ? "needs Deno 2.9.6" : reason;
  const ignore = missing !== undefined;
  Deno.test({ name: ignore ? `${name} (ignored: ${missing})` : name, ignore, fn });
}

test("tryHandshake() resolves with a certificate that clients can use", undefined, async () => {
  await tryHandshake(createSecureContext({ cert: TEST_CERTIFICATE, key: TEST_KEY }));
});

test(
  "tryHandshake() rejects where there is no certificate, or nothing that signs",
  NO_OPENSSL,
  async () => {
    const contexts = [
      {},
      { cert: TEST_CERTIFICATE },
      await selfSigned("ED448"),
      await selfSigned("EC", "ec_paramgen_curve:secp256k1"),
    ];
    for (const context of contexts) {
      await assertRejects(() => tryHandshake(createSecureContext(context)), Error);
    }
  },
);

test("tryHandshake() resolves with each kind of key that is taken", NO_OPENSSL, async () => {
  const pairs = [
    await selfSigned("RSA", "rsa_keygen_bits:2048"),
    await selfSigned("EC", "ec_paramgen_curve:P-256"),
    await selfSigned("EC", "ec_paramgen_curve:P-384"),
    await selfSigned("EC", "ec_paramgen_curve:P-521"),
    await selfSigned("ED25519"),
  ];
  for (const pair of pairs) await tryHandshake(createSecureContext(pair));
});
