import type { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";

/**
 * Tries a certificate and its key. `node:tls` takes anything, and finds faults at the first client.
 *
 * @param cert The certificate chain as PEM.
 * @param key The private key as PEM.
 * @param certName What the certificate is called in an error.
 * @param keyName What the key is called in an error.
 * @throws {TypeError} When one is not what it should be, or they do not belong together.
 */
export function checkCertificate(
  cert: string,
  key: string,
  certName = "cert",
  keyName = "key",
): void {
  const certified = parsePem(certName, "certificate", () => new X509Certificate(cert).publicKey);
  const own = parsePem(keyName, "private key", () => createPublicKey(createPrivateKey(key)));
  if (!publicBytes(certified).equals(publicBytes(own))) {
    throw new TypeError(`Cannot use ${keyName}: it is not the key of ${certName}`);
  }
}

function parsePem(name: string, what: string, parse: () => KeyObject): KeyObject {
  try {
    return parse();
  } catch (cause) {
    throw new TypeError(`Cannot use ${name}: it holds no ${what} in PEM`, { cause });
  }
}

function publicBytes(key: KeyObject): Buffer {
  return key.export({ type: "spki", format: "der" });
}
