/**
 * V8 collects all garbage each time the buffers outside its heap have grown by a tenth
 * (denoland/deno#35808). A server has few of them at rest, so every few large messages would have
 * the whole heap searched. This buffer is never touched, so it takes no memory; it is counted, so a
 * tenth is more.
 */
const BYTES = 536_870_912;

let ballast: ArrayBuffer | undefined;

/** Takes the ballast on, once in a process. */
export function takeBallast(): void {
  try {
    ballast ??= new ArrayBuffer(BYTES);
  } catch {
    // Address space is bounded here: then messages cost more.
  }
}

/** The unused bytes that the runtime counts as external. */
export function ballastBytes(): number {
  return ballast?.byteLength ?? 0;
}
