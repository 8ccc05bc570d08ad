import { FrameDecoder, Opcode } from "../../protocol/mod.ts";
import { compare } from "./compare.ts";
import { asciiText, clientFrame, concat, noise, SIZES } from "./inputs.ts";
import { NaiveDecoder } from "./naive_decoder.ts";
import { Wire } from "./wire.ts";
import { wsReceiver } from "./ws_receiver.ts";

const KINDS = {
  binary: { opcode: Opcode.Binary, make: noise },
  text: { opcode: Opcode.Text, make: asciiText },
} as const;

/** Chunks to the payloads in them: none of the ways checks text, and none but the twin copies. */
function compareDecoders(group: string, chunks: readonly Uint8Array[]): void {
  compare({
    group: `decode ${group}`,
    input: chunks,
    ways: { "FrameDecoder": ours(chunks), "naive twin": twin(chunks), "ws Receiver": ws(chunks) },
  });
}

function ours(chunks: readonly Uint8Array[]): () => Uint8Array[] {
  const wire = new Wire(chunks);
  const decoder = new FrameDecoder({ role: "server" });
  return () => {
    const payloads: Uint8Array[] = [];
    const sink = { enqueue: ({ payload }: { payload: Uint8Array }) => void payloads.push(payload) };
    for (const chunk of wire.receive()) decoder.transform(chunk, sink);
    return payloads;
  };
}

function twin(chunks: readonly Uint8Array[]): () => Uint8Array[] {
  const wire = new Wire(chunks);
  const decoder = new NaiveDecoder();
  return () => {
    const payloads: Uint8Array[] = [];
    for (const chunk of wire.receive()) {
      for (const { payload } of decoder.push(chunk)) payloads.push(payload);
    }
    return payloads;
  };
}

function ws(chunks: readonly Uint8Array[]): () => Uint8Array[] {
  const wire = new Wire(chunks, "Buffer");
  const receiver = wsReceiver({ skipUTF8Validation: true });
  let payloads: Uint8Array[] = [];
  receiver.on("message", (data) => void payloads.push(data));
  return () => {
    payloads = [];
    for (const chunk of wire.receive()) receiver.write(chunk);
    return payloads;
  };
}

for (const [kind, { opcode, make }] of Object.entries(KINDS)) {
  const small = Array.from({ length: 1_000 }, () => clientFrame(opcode, make(SIZES["64 B"])));
  compareDecoders(`1,000 ${kind} frames of 64 B in one chunk`, [concat(small)]);
  compareDecoders(`1,000 ${kind} frames of 64 B, one in a chunk`, small);
  for (const size of ["16 KiB", "1 MiB"] as const) {
    const frame = clientFrame(opcode, make(SIZES[size]));
    compareDecoders(`a ${kind} frame of ${size} in one chunk`, [frame]);
  }
}
