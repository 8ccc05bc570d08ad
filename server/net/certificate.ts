import type { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";

/** A certificate chain and its key, each as PEM that holds nothing else. */
export interface Certificate {
  /** The chain, the server's own certificate first. */
  readonly cert: string;
  /** The private key. */
  readonly key: string;
}

/** A block of PEM (RFC 7468). Text may stand beside, as OpenSSL and others write it. */
const BLOCK_REGEXP = /^-----BEGIN ([A-Z0-9. ]+)-----$[^]*?^-----END \1-----$/gm;

/** The labels of keys that may be in the clear. */
const KEY_LABELS = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"];

/** The kinds of key that clients of TLS take (RFC 8446 4.2.3), and the TLS layer can sign with. */
const KINDS = ["rsa", "prime256v1", "secp384r1", "secp521r1", "ed25519"];

/** Shorter RSA keys are refused by clients, and by the TLS layer. */
const RSA_BITS = 2_048;

/**
 * Takes a certificate and its key out of the texts of files: both may be in one, with a byte order
 * mark, blanks, text, DH or EC parameters beside. `node:tls` takes anything, and finds faults at
 * the first client; so these are found here.
 *
 * @param cert The text with the certificate chain.
 * @param key The text with the private key.
 * @param certName The certificate's name in an error.
 * @param keyName The key's name in an error.
 * @returns The blocks to use.
 * @throws {TypeError} When one is not valid, or they do not belong together.
 */
export function usableCertificate(
  cert: string,
  key: string,
  certName = "cert",
  keyName = "key",
): Certificate {
  const chain = chainOf(cert, certName);
  const privateKey = keyOf(key, keyName);
  const own = parse(keyName, "private key", () => createPrivateKey(privateKey));
  checkKind(own, keyName);
  const certified = parse(certName, "certificate", () => new X509Certificate(chain).publicKey);
  if (!publicBytes(certified).equals(publicBytes(createPublicKey(own)))) {
    throw new TypeError(`Cannot use ${keyName}: it is not the key of ${certName}`);
  }
  return { cert: chain, key: privateKey };
}

function chainOf(text: string, name: string): string {
  const blocks = blocksOf(text);
  const chain = blocks.filter(({ label }) => label === "CERTIFICATE");
  if (chain.length > 0) return chain.map(({ block }) => `${block}\n`).join("");
  if (blocks.some(({ label }) => label === "TRUSTED CERTIFICATE")) {
    throw new TypeError(
      `Cannot use ${name}: it holds a TRUSTED CERTIFICATE, which TLS cannot send: expected a ` +
        "CERTIFICATE, as openssl x509 writes it",
    );
  }
  throw new TypeError(`Cannot use ${name}: it holds no certificate in PEM`);
}

function keyOf(text: string, name: string): string {
  const blocks = blocksOf(text);
  const own = blocks.find(({ label }) =>
    KEY_LABELS.includes(label) || label === "ENCRYPTED PRIVATE KEY"
  );
  if (own === undefined) throw new TypeError(`Cannot use ${name}: it holds no private key in PEM`);
  // RFC 1421 4.6.1.1: the mark of older versions of OpenSSL.
  if (own.label === "ENCRYPTED PRIVATE KEY" || own.block.includes("Proc-Type: 4,ENCRYPTED")) {
    throw new TypeError(
      `Cannot use ${name}: key is encrypted: expected one without a passphrase, as openssl pkey ` +
        "writes it",
    );
  }
  return `${own.block}\n`;
}

function blocksOf(text: string): { label: string; block: string }[] {
  const lines = text.replace(/^\uFEFF/, "").replaceAll(/[ \t\r]+$/gm, "");
  return [...lines.matchAll(BLOCK_REGEXP)].map(([block, label = ""]) => ({ label, block }));
}

function checkKind({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject, name: string): void {
  const kind = asymmetricKeyDetails?.namedCurve ?? asymmetricKeyType ?? "unknown";
  if (!KINDS.includes(kind)) {
    throw new TypeError(
      `Cannot use ${name}: no client could connect with a key of the kind ${kind}: expected RSA, ` +
        "ECDSA with P-256, P-384 or P-521, or Ed25519",
    );
  }
  const bits = asymmetricKeyDetails?.modulusLength ?? RSA_BITS;
  if (bits < RSA_BITS) {
    throw new TypeError(
      `Cannot use ${name}: its RSA key has ${bits} bits: expected ${RSA_BITS} or more`,
    );
  }
}

function parse(name: string, what: string, run: () => KeyObject): KeyObject {
  try {
    return run();
  } catch (cause) {
    throw new TypeError(`Cannot use ${name}: its ${what} cannot be read`, { cause });
  }
}

function publicBytes(key: KeyObject): Buffer {
  return key.export({ type: "spki", format: "der" });
}
