// @ts-check
// What a reconnecting socket tells of itself; reconnecting.d.ts has the words.

/** Tells of a new state. */
export class StateEvent extends Event {
  /** @param {import("./reconnecting.d.ts").State} state */
  constructor(state) {
    super(state.state);
    /** @type {number} */
    this.until = "until" in state ? state.until : 0;
    /** @type {number} */
    this.code = "code" in state ? state.code : 0;
    /** @type {string} */
    this.reason = "reason" in state ? state.reason : "";
    /** @type {unknown} */
    this.error = "error" in state ? state.error : undefined;
  }
}

/** Tells of a message that the outbox had no room for. */
export class DroppedEvent extends Event {
  /** @param {import("./reconnecting.d.ts").Data} data */
  constructor(data) {
    super("dropped");
    this.data = data;
  }
}
