import { type Fragment, FrameDecoder, type FrameDecoderOptions } from "./frame_decoder.ts";

/**
 * A {@linkcode FrameDecoder} to `pipeThrough`: bytes in, fragments out.
 *
 * It never writes to the bytes it is given, since a pipe reads ahead: each chunk is copied once, and
 * payloads belong to the reader. The stream errors with the {@linkcode ProtocolError} of the first
 * rule that is broken.
 *
 * @example
 * ```ts
 * import { FrameDecoderStream } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = ReadableStream.from([Uint8Array.of(0x82, 3, 1), Uint8Array.of(2, 3)]);
 * const lengths: number[] = [];
 * for await (const fragment of bytes.pipeThrough(new FrameDecoderStream({ role: "client" }))) {
 *   lengths.push(fragment.payload.length);
 * }
 * assertEquals(lengths, [1, 2]);
 * ```
 */
export class FrameDecoderStream extends TransformStream<Uint8Array, Fragment> {
  /**
   * Makes a stream for one direction of one connection.
   *
   * @param options The reader's role and its limits.
   */
  constructor(options: FrameDecoderOptions) {
    const decoder = new FrameDecoder(options);
    super({
      transform: (chunk, controller) => decoder.transform(new Uint8Array(chunk), controller),
    });
  }
}
