import { Buffer } from "node:buffer";
import { Sender } from "ws";
import {
  encodeFrame,
  headerLength,
  maxTextFrameLength,
  Opcode,
  writeFrame,
  writeHeader,
  writeTextFrame,
} from "../../protocol/mod.ts";
import { compare } from "./compare.ts";
import { asciiText, concat, MASK_KEY, mixedText, noise, SIZES } from "./inputs.ts";
import { GatheringSocket } from "./gathering_socket.ts";
import { naiveFrame, naiveHeader } from "./naive_encoder.ts";

const ENCODER = new TextEncoder();

/** How many messages go into one write, where several do. */
const BATCH = 100;

/** What ws's `WebSocket` asks of its `Sender` for a whole message of a server. */
const WS_SEND = { fin: true, mask: false, compress: false };

function wsPieces(payload: Uint8Array, options: Readonly<Record<string, unknown>>): Uint8Array[] {
  return Sender.frame(payload, { fin: true, opcode: Opcode.Binary, readOnly: true, ...options });
}

/** The header alone, as it goes in front of a payload that is sent from where it lies. */
function compareHeaders(size: keyof typeof SIZES): void {
  const payload = Buffer.from(noise(SIZES[size]));
  const target = new Uint8Array(headerLength(payload.length));
  compare({
    group: `encode the header of ${size}`,
    input: payload,
    ways: {
      "writeHeader": ({ length }) => {
        writeHeader(target, 0, Opcode.Binary, length);
        return target;
      },
      "naive twin": ({ length }) => naiveHeader(Opcode.Binary, length),
      "ws Sender.frame": (bytes) => wsPieces(bytes, { mask: false })[0]!,
    },
  });
}

/** A frame in bytes of its own, as a client sends it. */
function compareMasked(size: keyof typeof SIZES): void {
  const generateMask = (key: Uint8Array) => key.set([0x37, 0xfa, 0x21, 0x3d]);
  compare({
    group: `encode a masked frame of ${size}`,
    input: Buffer.from(noise(SIZES[size])),
    ways: {
      "encodeFrame": (bytes) => encodeFrame(Opcode.Binary, bytes, { maskKey: MASK_KEY }),
      "naive twin": (bytes) => naiveFrame(Opcode.Binary, bytes, MASK_KEY),
      "ws Sender.frame": (bytes) => wsPieces(bytes, { mask: true, generateMask })[0]!,
    },
  });
}

/** Many messages into one buffer, as they leave in one write. */
function compareBatches(group: string, message: Uint8Array | string): void {
  const room = BATCH * maxTextFrameLength("x".repeat(message.length));
  const target = new Uint8Array(room);
  const socket = new GatheringSocket(room);
  const sender = new Sender(socket);
  compare<string | Uint8Array, Uint8Array>({
    group: `encode ${BATCH} messages of ${group}`,
    input: message,
    ways: {
      "writeFrame and writeTextFrame": (data) => {
        let at = 0;
        for (let i = 0; i < BATCH; i++) {
          at = typeof data === "string"
            ? writeTextFrame(target, at, data)
            : writeFrame(target, at, Opcode.Binary, data);
        }
        return target.subarray(0, at);
      },
      "naive twin": (data) => {
        const opcode = typeof data === "string" ? Opcode.Text : Opcode.Binary;
        const frames = Array.from({ length: BATCH }, () => {
          const payload = typeof data === "string" ? ENCODER.encode(data) : data;
          return naiveFrame(opcode, payload);
        });
        return concat(frames);
      },
      "ws Sender": (data) => {
        for (let i = 0; i < BATCH; i++) {
          sender.send(data, { ...WS_SEND, binary: typeof data !== "string" });
        }
        return socket.take();
      },
    },
  });
}

for (const size of ["64 B", "16 KiB", "1 MiB"] as const) {
  compareHeaders(size);
  compareMasked(size);
}
for (const size of ["64 B", "16 KiB"] as const) {
  compareBatches(`${size} binary`, Buffer.from(noise(SIZES[size])));
  compareBatches(`${size} of ASCII`, asciiText(SIZES[size]));
  compareBatches(`${size} of mixed text`, mixedText(SIZES[size]));
}
