/** The time between two looks at all waits, in milliseconds. */
const PATIENCE = 10;

/** Something that waits now and then. */
export interface Patient {
  /**
   * Called until it is forgotten. A wait that was also there at the last call has lasted long.
   *
   * @returns Whether to call again: whether it still waits.
   */
  look(): boolean;
}

/**
 * Finds waits that last long. Most waits are over before a look, so only the first one after a look
 * costs anything here; one timer serves all.
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

  /** Ends all calls. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
