import { findOpenssl } from "./programs.ts";

const program = await findOpenssl();

/** Why tests with OpenSSL cannot run here. */
export const NO_OPENSSL: string | undefined = "missing" in program ? program.missing : undefined;

/** Runs OpenSSL on a text, and returns what it writes. */
export async function openssl(args: readonly string[], input = ""): Promise<string> {
  if ("missing" in program) throw new Error(program.missing);
  const child = new Deno.Command(program.command, {
    args: [...program.args, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(decoder.decode(stderr));
  return decoder.decode(stdout);
}

/** A key that OpenSSL has made, and a certificate that it has signed itself. */
export async function selfSigned(
  algorithm: string,
  ...options: string[]
): Promise<{ cert: string; key: string }> {
  const key = await openssl([
    ...["genpkey", "-algorithm", algorithm],
    ...options.flatMap((option) => ["-pkeyopt", option]),
  ]);
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const cert = await openssl(["req", "-x509", "-key", "/dev/stdin", ...subject], key);
  return { cert, key };
}
