import type { RelayLink } from "../../server/cluster/backplane_relay.ts";
import { RELAY_BYTES } from "../../server/cluster/relay_bound.ts";

/** A link that keeps what is sent. */
export class KeptLink implements RelayLink {
  /** What was sent. */
  readonly sent: Uint8Array[] = [];
  /** What waits, as a test says. */
  queuedBytes = 0;
  /** Whether it is open. */
  open = true;

  send(bytes: Uint8Array): boolean {
    this.sent.push(bytes);
    return this.open;
  }

  /** From now on too much waits, or not. */
  congest(congested: boolean): void {
    this.queuedBytes = congested ? RELAY_BYTES + 1 : 0;
  }
}
