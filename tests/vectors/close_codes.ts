/** Consecutive close codes of one kind, RFC 6455 7.4.1, 7.4.2 and the IANA registry (11.7). */
export interface CloseCodeRange {
  readonly from: number;
  readonly to: number;
  /** Whether these codes may stand in a Close frame. */
  readonly onWire: boolean;
  readonly why: string;
}

/** Every 16-bit code, in order and without gaps. */
export const CLOSE_CODES: readonly CloseCodeRange[] = [
  { from: 0, to: 999, onWire: false, why: "7.4.2: not used" },
  { from: 1000, to: 1003, onWire: true, why: "7.4.1: normal, going away, protocol, data type" },
  { from: 1004, to: 1004, onWire: false, why: "7.4.1: reserved, no meaning yet" },
  { from: 1005, to: 1006, onWire: false, why: "7.4.1: MUST NOT be set in a Close frame" },
  { from: 1007, to: 1011, onWire: true, why: "7.4.1: payload, policy, size, extension, internal" },
  { from: 1012, to: 1014, onWire: true, why: "IANA: restart, try again later, bad gateway" },
  { from: 1015, to: 1015, onWire: false, why: "7.4.1: MUST NOT be set in a Close frame (TLS)" },
  { from: 1016, to: 2999, onWire: false, why: "7.4.2: for the protocol's revisions, none defined" },
  { from: 3000, to: 3999, onWire: true, why: "7.4.2: libraries and frameworks, registered" },
  { from: 4000, to: 4999, onWire: true, why: "7.4.2: private use" },
  { from: 5000, to: 65535, onWire: false, why: "7.4.2: not defined" },
];
