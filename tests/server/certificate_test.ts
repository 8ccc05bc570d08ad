import { assertThrows } from "@std/assert";
import { checkCertificate } from "../../server/certificate.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../helpers/certificate.ts";
import { generateKeyPairSync } from "node:crypto";

Deno.test("checkCertificate() takes a certificate with its own key", () => {
  checkCertificate(TEST_CERTIFICATE, TEST_KEY);
});

Deno.test("checkCertificate() names what is no certificate, no key, or another's key", () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const other = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const bad: [string, string, string][] = [
    ["garbage", TEST_KEY, "Cannot use cert: it holds no certificate in PEM"],
    [TEST_KEY, TEST_KEY, "Cannot use cert: it holds no certificate in PEM"],
    [TEST_CERTIFICATE, "garbage", "Cannot use key: it holds no private key in PEM"],
    [TEST_CERTIFICATE, TEST_CERTIFICATE, "Cannot use key: it holds no private key in PEM"],
    [TEST_CERTIFICATE, other, "Cannot use key: it is not the key of cert"],
  ];
  for (const [cert, key, message] of bad) {
    assertThrows(() => checkCertificate(cert, key), TypeError, message);
  }
});
