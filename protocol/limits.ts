/** How much one message may ask of its receiver. */
export interface MessageLimits {
  /** The largest message, in payload bytes over all its frames; a larger one ends in 1009. */
  readonly messageBytes: number;
  /** The most frames that one message may come in, empty ones counted; more end in 1008. */
  readonly messageFragments: number;
}

/** The limits that hold where none are given: 1 MiB in at most 1,024 frames. */
export const DEFAULT_MESSAGE_LIMITS: MessageLimits = {
  messageBytes: 1_048_576,
  messageFragments: 1_024,
};

/** How large the head of an HTTP request or response may be. */
export interface HeadLimits {
  /** The longest request line, status line or header line, in bytes without its CRLF. */
  readonly headLineBytes: number;
  /** The most header lines. */
  readonly headHeaders: number;
  /** The whole head up to and with its empty line, in bytes. */
  readonly headBytes: number;
}

/** The limits that hold where none are given: 8 KiB a line, 64 headers, 16 KiB in all. */
export const DEFAULT_HEAD_LIMITS: HeadLimits = {
  headLineBytes: 8_192,
  headHeaders: 64,
  headBytes: 16_384,
};

/** How much the body of an HTTP message may ask of its receiver. */
export interface BodyLimits {
  /** The largest body, in bytes. */
  readonly bodyBytes: number;
  /** All chunk extensions and trailers of a body together, in bytes, as that of a head. */
  readonly headBytes: number;
}

/** The limits that hold where none are given: 1 MiB, and 16 KiB of extensions and trailers. */
export const DEFAULT_BODY_LIMITS: BodyLimits = {
  bodyBytes: 1_048_576,
  headBytes: DEFAULT_HEAD_LIMITS.headBytes,
};
