/**
 * The variables by which Deno serves otherwise than the program says: at another address or at a
 * further one, with the address that a request claims for itself (where that is none, the process
 * ends), and compressed, which holds a tap's lines back.
 */
const SERVE_VARIABLES = [
  "DENO_SERVE_ADDRESS",
  "DENO_TRUST_PROXY_HEADERS",
  "DENO_SERVE_AUTOMATIC_COMPRESSION",
] as const;

/**
 * Takes the variables out of the environment that change what `Deno.serve()` does. Deno reads them at
 * the first call, so this comes before it.
 *
 * @returns The names of those that were set.
 */
export function dropServeVariables(): string[] {
  const dropped = SERVE_VARIABLES.filter((name) => Deno.env.has(name));
  for (const name of dropped) Deno.env.delete(name);
  return dropped;
}
