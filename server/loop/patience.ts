/** The time between two looks at those who wait, in milliseconds. */
const PATIENCE = 10;

/** One who waits now and then. */
export interface Patient {
  /**
   * Called until it is forgotten. A wait that was there at the last call too has lasted for long.
   *
   * @returns Whether to call again: whether it still waits.
   */
  look(): boolean;
}

/**
 * Finds those who wait for long. Most waits are over before a look, so a wait costs nothing here but the
 * first one after a look; one timer serves all.
 */
export class Patience {
  readonly #patients = new Set<Patient>();
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;

  /** Has `patient.look()` called, until it says that it does not wait. */
  watch(patient: Patient): void {
    this.#patients.add(patient);
    this.#timer ??= setTimeout(this.#tick, PATIENCE);
  }

  #tick = (): void => {
    for (const patient of this.#patients) {
      if (!patient.look()) this.#patients.delete(patient);
    }
    this.#timer = this.#patients.size > 0 ? setTimeout(this.#tick, PATIENCE) : undefined;
  };

  /** Nobody is called any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
