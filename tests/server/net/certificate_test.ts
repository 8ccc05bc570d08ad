import { assertEquals, assertThrows } from "@std/assert";
import { generateKeyPairSync } from "node:crypto";
import { usableCertificate } from "../../../server/net/certificate.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../../helpers/certificate.ts";
import { NO_OPENSSL, openssl, selfSigned } from "../../helpers/openssl.ts";

const PAIR = { cert: TEST_CERTIFICATE, key: TEST_KEY };

Deno.test("usableCertificate() takes a certificate with its own key", () => {
  assertEquals(usableCertificate(TEST_CERTIFICATE, TEST_KEY), PAIR);
});

Deno.test("usableCertificate() takes them out of whatever stands beside", () => {
  const [cert, key] = [TEST_CERTIFICATE, TEST_KEY];
  const beside =
    "-----BEGIN X9.42 DH PARAMETERS-----\nMBoCEwD\n-----END X9.42 DH PARAMETERS-----\n";
  const curve = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
  const files: [string, string][] = [
    [cert + key, cert + key],
    [key + cert, key + cert],
    [`\uFEFF${cert}`, `\uFEFF${key}`],
    [beside + cert, curve + key],
    [cert + beside, key + curve],
    [`\n \nsubject=CN = localhost\n${cert}\n \n`, `Bag Attributes\n\n${key}  \n`],
    [cert.replaceAll("\n", "\r\n"), key.replaceAll("\n", " \n")],
  ];
  for (const [certText, keyText] of files) {
    assertEquals(usableCertificate(certText, keyText), PAIR);
  }
  assertEquals(usableCertificate(cert + cert, key).cert, cert + cert);
});

Deno.test("usableCertificate() names what is no certificate, no key, or another's key", () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const other = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const damaged = (text: string) => text.replace(/^M.{20}/m, "AAAA");
  const bad: [string, string, string][] = [
    ["garbage", TEST_KEY, "Cannot use cert: it holds no certificate in PEM"],
    [TEST_KEY, TEST_KEY, "Cannot use cert: it holds no certificate in PEM"],
    [damaged(TEST_CERTIFICATE), TEST_KEY, "Cannot use cert: its certificate cannot be read"],
    [TEST_CERTIFICATE, "garbage", "Cannot use key: it holds no private key in PEM"],
    [TEST_CERTIFICATE, TEST_CERTIFICATE, "Cannot use key: it holds no private key in PEM"],
    [TEST_CERTIFICATE, damaged(TEST_KEY), "Cannot use key: its private key cannot be read"],
    [TEST_CERTIFICATE, other, "Cannot use key: it is not the key of cert"],
  ];
  for (const [cert, key, message] of bad) {
    assertThrows(() => usableCertificate(cert, key), TypeError, message);
  }
});

Deno.test("usableCertificate() refuses an RSA key that clients refuse", () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 1_024 });
  const key = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const message = "Cannot use key: its RSA key has 1024 bits: expected 2048 or more";
  assertThrows(() => usableCertificate(TEST_CERTIFICATE, key), TypeError, message);
});

// As OpenSSL writes them.

function test(name: string, fn: () => Promise<void>): void {
  const ignore = NO_OPENSSL !== undefined;
  Deno.test({ name: ignore ? `${name} (ignored: ${NO_OPENSSL})` : name, ignore, fn });
}

test("usableCertificate() says that a key is encrypted", async () => {
  const { cert, key } = await selfSigned("RSA");
  const secret = ["-passout", "pass:secret"];
  for (
    const args of [
      ["pkcs8", "-topk8", ...secret],
      ["rsa", "-aes128", "-traditional", ...secret],
    ]
  ) {
    const encrypted = await openssl(args, key);
    const message = "Cannot use key: key is encrypted: expected one without a passphrase";
    assertThrows(() => usableCertificate(cert, encrypted), TypeError, message);
  }
  usableCertificate(cert, await openssl(["rsa", "-traditional"], key));
});

test("usableCertificate() takes a key as openssl ecparam writes it", async () => {
  const key = await openssl(["ecparam", "-name", "prime256v1", "-genkey"]);
  const subject = ["-subj", "/CN=localhost"];
  const cert = await openssl(["req", "-x509", "-key", "/dev/stdin", ...subject], key);
  usableCertificate(cert, key);
});

test("usableCertificate() refuses a TRUSTED CERTIFICATE", async () => {
  const trusted = await openssl(["x509", "-trustout"], TEST_CERTIFICATE);
  const message = "Cannot use cert: it holds a TRUSTED CERTIFICATE, which TLS cannot send";
  assertThrows(() => usableCertificate(trusted, TEST_KEY), TypeError, message);
});

test("usableCertificate() refuses kinds of key that no client could use", async () => {
  const kinds: [string, string, ...string[]][] = [
    ["secp256k1", "EC", "ec_paramgen_curve:secp256k1"],
    ["ed448", "ED448"],
    ["rsa-pss", "RSA-PSS"],
  ];
  for (const [kind, ...algorithm] of kinds) {
    const { cert, key } = await selfSigned(...algorithm);
    const message = `Cannot use key: no client could connect with a key of the kind ${kind}`;
    assertThrows(() => usableCertificate(cert, key), TypeError, message);
  }
});
