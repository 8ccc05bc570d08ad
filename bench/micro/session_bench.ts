import { Endpoint, type Message, Opcode } from "../../protocol/mod.ts";
import { compare } from "./compare.ts";
import { asciiText, clientFrame, concat, cut, mixedText, noise, SIZES } from "./inputs.ts";
import { NaiveDecoder } from "./naive_decoder.ts";
import { Wire } from "./wire.ts";
import { wsReceiver } from "./ws_receiver.ts";

/** As much as one read of the server brings at most. */
const READ_BYTES = 65_536;

/** Chunks to messages: strings, checked to be UTF-8, and bytes that are the receiver's to keep. */
function compareSessions(group: string, chunks: readonly Uint8Array[]): void {
  compare({
    group: `receive ${group}`,
    input: chunks,
    ways: {
      "Endpoint": ours(chunks),
      "naive twin": twin(chunks),
      "ws Receiver": ws(chunks),
    },
  });
}

function ours(chunks: readonly Uint8Array[]): () => Message[] {
  const wire = new Wire(chunks);
  const endpoint = new Endpoint({ role: "server" });
  return () => {
    const messages: Message[] = [];
    for (const chunk of wire.receive()) endpoint.receive(chunk, (it) => messages.push(it));
    return messages;
  };
}

function twin(chunks: readonly Uint8Array[]): () => Message[] {
  const wire = new Wire(chunks);
  const decoder = new NaiveDecoder();
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return () => {
    const messages: Message[] = [];
    let parts: Uint8Array[] = [];
    let isText = false;
    for (const chunk of wire.receive()) {
      for (const { fin, opcode, payload } of decoder.push(chunk)) {
        if (opcode !== Opcode.Continuation) isText = opcode === Opcode.Text;
        parts.push(payload);
        if (!fin) continue;
        messages.push(isText ? utf8.decode(concat(parts)) : concat(parts));
        parts = [];
      }
    }
    return messages;
  };
}

function ws(chunks: readonly Uint8Array[]): () => Message[] {
  const wire = new Wire(chunks, "Buffer");
  const receiver = wsReceiver();
  let messages: Message[] = [];
  receiver.on("message", (data, isBinary) => {
    // ws hands out views of what it read; a copy is what ours gives, and lets the buffer be reused.
    messages.push(isBinary ? new Uint8Array(data) : data.toString());
  });
  return () => {
    messages = [];
    for (const chunk of wire.receive()) receiver.write(chunk);
    return messages;
  };
}

const KINDS = {
  "binary": { opcode: Opcode.Binary, make: noise },
  "ASCII": { opcode: Opcode.Text, make: asciiText },
  "mixed text": { opcode: Opcode.Text, make: mixedText },
} as const;

for (const [kind, { opcode, make }] of Object.entries(KINDS)) {
  const small = Array.from({ length: 1_000 }, () => clientFrame(opcode, make(SIZES["64 B"])));
  compareSessions(`1,000 messages of 64 B ${kind} in one chunk`, [concat(small)]);
  compareSessions(`1,000 messages of 64 B ${kind}, one in a chunk`, small);
  const middle = clientFrame(opcode, make(SIZES["16 KiB"]));
  compareSessions(`16 KiB ${kind} in one chunk`, [middle]);
  compareSessions(`16 KiB ${kind} in chunks of 1 KiB`, cut(middle, 1_024));
  const large = clientFrame(opcode, make(SIZES["1 MiB"]));
  compareSessions(`1 MiB ${kind} in chunks of 64 KiB`, cut(large, READ_BYTES));
}

const parts = cut(noise(SIZES["16 KiB"]), SIZES["64 B"]);
const frames = parts.map((part, i) =>
  clientFrame(i === 0 ? Opcode.Binary : Opcode.Continuation, part, i === parts.length - 1)
);
compareSessions("16 KiB binary in 256 frames in one chunk", [concat(frames)]);
const bytewise = cut(concat(Array.from({ length: 10 }, () => clientFrame(2, noise(64)))), 1);
compareSessions("10 messages of 64 B binary, one byte in a chunk", bytewise);
