/** How a drain is to go. */
export interface DrainOptions {
  /**
   * After this many milliseconds the connections that are left are cut.
   *
   * @default 30_000
   */
  deadline?: number;
  /**
   * For this many milliseconds, handshakes that are under way may still succeed; then they get 503.
   *
   * @default 0
   */
  grace?: number;
}

/** How a drain went. */
export interface DrainResult {
  /** Connections whose peer answered our Close, or had sent its own. */
  readonly closed: number;
  /** Connections that ended otherwise: at the deadline, by their own close timeout, or by the peer. */
  readonly cut: number;
}
