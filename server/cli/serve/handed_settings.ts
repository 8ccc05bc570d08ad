import type { Settings } from "./settings.ts";

/** The variable that workers get their settings by. */
const VARIABLE = "FOURTUPLE_WORKER_SETTINGS";

/**
 * Hands settings on to the workers that are started from now on. A file of settings may be changed to
 * something wrong at any time, and then a worker that dies must be started again all the same.
 *
 * @param settings The settings; those of the first process alone are left out.
 */
export function handOn(
  { admin: _, adminToken: __, adminTokenFile: ___, adminHost: ____, auditLog: _____, ...settings }:
    Settings,
): void {
  Deno.env.set(VARIABLE, JSON.stringify(settings));
}

/**
 * Takes the settings that were handed on.
 *
 * @param env The variables of a worker.
 * @returns The settings, which are good; `undefined` where none were handed on.
 */
export function handedOn(env: Readonly<Record<string, string>>): Settings | undefined {
  const text = env[VARIABLE];
  return text === undefined ? undefined : JSON.parse(text) as Settings;
}
