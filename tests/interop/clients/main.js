// @ts-check
// Plays cases in Deno or Node: each line of stdin holds some that run at the same time, as JSON, and
// is answered by a line with what happened in each. The argument is where to import a WebSocket class
// from; without it the runtime's own is used.
import process from "node:process";
import { createInterface } from "node:readline";
import { runCase } from "./run_case.js";

const [module] = process.argv.slice(2);
const { WebSocket } = module === undefined ? globalThis : await import(module);

for await (const line of createInterface({ input: process.stdin })) {
  const scripts = JSON.parse(line);
  const results = await Promise.all(
    scripts.map((/** @type {any} */ script) => runCase(WebSocket, script)),
  );
  process.stdout.write(`${JSON.stringify(results)}\n`);
}
