/**
 * Calls a function of the application, whose faults must not go further.
 *
 * @param handler The function to call; a value that is not a promise, from plain JavaScript too, means nothing.
 * @param failed Told what it threw, or what its promise was rejected with.
 * @returns Resolves when the promise that the handler returned is settled; `undefined` without one.
 */
export function invokeHandler(
  handler: () => unknown,
  failed: (error: unknown) => void,
): Promise<void> | undefined {
  try {
    const returned = handler();
    return returned instanceof Promise ? returned.then(() => {}, failed) : undefined;
  } catch (error) {
    failed(error);
  }
}
