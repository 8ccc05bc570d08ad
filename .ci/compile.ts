/**
 * Compiles the binary: `deno task compile [output]`.
 *
 * `deno compile` downloads its runtime base. Where that cannot be had, `DENO_COMPILE` names another
 * Deno to compile with and `DENORT_BIN` its base.
 *
 * @module
 */

const [output = "dist/fourtuple"] = Deno.args;
const other = Deno.env.get("DENO_COMPILE");

const child = new Deno.Command(other ?? Deno.execPath(), {
  args: [
    "compile",
    "--allow-all", // Deno lets nothing less read /proc.
    "--no-lock", // With the lock file every package in it goes into the binary, playwright too.
    ...(other === undefined ? [] : ["--no-check"]), // An older Deno does not know all that we use.
    `--output=${output}`,
    "server/main.ts",
  ],
  cwd: new URL("../", import.meta.url),
}).spawn();
Deno.exit((await child.status).code);
