import type { Recipient } from "../../server/apps/talk_slice_audience.ts";

/** Somebody who gets slices and what is said of them, and reads as slowly as the test wants. */
export class SliceRecipient implements Recipient {
  bufferedAmount = 0;
  /** What came, in order: JSON as objects. */
  readonly got: unknown[] = [];

  send(data: string | Uint8Array): void {
    this.got.push(typeof data === "string" ? JSON.parse(data) : data);
  }

  /** What came since this was last asked for. */
  take(): unknown[] {
    return this.got.splice(0);
  }
}
