/** The sizes of the byte arrays that `run` allocates with `new Uint8Array(size)`, in order. */
export function allocations(run: () => void): number[] {
  const Original = globalThis.Uint8Array;
  const sizes: number[] = [];
  globalThis.Uint8Array = new Proxy(Original, {
    construct(target, parameters: [number]) {
      if (typeof parameters[0] === "number") sizes.push(parameters[0]);
      return Reflect.construct(target, parameters);
    },
  });
  try {
    run();
  } finally {
    globalThis.Uint8Array = Original;
  }
  return sizes;
}
