import { assert, assertEquals } from "@std/assert";
import {
  fault,
  frameImage,
  parseImage,
  parseMessage,
  TEXT_BYTES,
} from "../../../server/apps/talk_messages.ts";
import { TITLE_BYTES } from "../../../server/apps/talk_file_messages.ts";
import {
  freeNickname,
  NICKNAME_BYTES,
  nicknameFault,
  nicknameKey,
} from "../../../server/apps/talk_names.ts";
import { frameSlice, parseSlice } from "../../../server/apps/talk_slices.ts";
import { concat } from "../../helpers/notation.ts";
import type { Random } from "../../helpers/random.ts";
import { bytesOf, mutate } from "../inputs.ts";
import type { FuzzTarget } from "../target.ts";

const WORDS = [
  ...["Ada", " Bob ", "\u00e9", "\u4f60\u597d", "\u{1f469}\u200d\u{1f680}", "\u202e", "\u200b"],
  ...["\u0000", "\u009b", "\ud800", "\ufeff", "\u2800", "\u00ad", "a\u0301", "", " ", "-2"],
  ...["x".repeat(130), "\u20ac".repeat(85), "x".repeat(5_000)],
];

const ODD: readonly unknown[] = [1, null, [], {}, true, ""];

function words(random: Random): string {
  return Array.from({ length: random.below(4) }, () => random.pick(WORDS)).join("");
}

/** What a page sends as text: JSON, mostly. */
export const talkText: FuzzTarget = {
  name: "talk-text",
  make(random) {
    // No more than one message starts an array that never ends.
    if (random.oneIn(500)) return bytesOf("[".repeat(10_000));
    const bytes = bytesOf(JSON.stringify(randomMessage(random)));
    return random.oneIn(3) ? mutate(bytes, random) : bytes;
  },
  check(input, random) {
    // What is not UTF-8 never gets here.
    const data = new TextDecoder("utf-8", { ignoreBOM: true }).decode(input);
    const message = parseMessage(data);
    switch (message.type) {
      case "error":
        assertEquals(message, fault(message.fault));
        assert(/^[ -~]+$/.test(message.fault), message.fault);
        return message.fault.replaceAll(/\d+/g, "N");
      case "text":
        assert(bytesOf(message.text).length <= TEXT_BYTES && message.text.trim() !== "");
        break;
      case "hello":
        checkName(message.name, random);
        break;
      default:
        assert(Number.isInteger(message.file) && message.file >= 0 && message.file < 2 ** 32);
        if (message.type === "file") {
          const { title, mediaType, size } = message;
          assert(title !== "" && bytesOf(title).length <= TITLE_BYTES);
          assert(/^[!-~]{0,127}$/.test(mediaType) && Number.isSafeInteger(size) && size >= 0);
        }
    }
    // Nothing but what was looked at is left, and it means the same once more.
    assertEquals(parseMessage(JSON.stringify(message)), message);
    return message.type;
  },
};

/** A message of any kind, mostly with what it needs. */
function randomMessage(random: Random): unknown {
  const text = () => random.oneIn(5) ? random.pick<unknown>(ODD) : words(random);
  const count = () => random.pick<unknown>([0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 53, -1, 0.5, "1", 7]);
  const [file, size, of] = [random.oneIn(3) ? count() : random.below(99), count(), count()];
  return random.pick<() => unknown>([
    () => ({ type: "hello", name: text() }),
    () => ({ type: "text", text: text() }),
    () => ({
      type: "file",
      file,
      title: text(),
      mediaType: random.pick(["", "image/png", "a/b;c", "text/html\n", `a/${"b".repeat(126)}`]),
      size,
    }),
    () => ({ type: "file-end", file, hash: random.pick<unknown>(["0f".repeat(32), "0F", 1]) }),
    () => ({ type: "file-end", file }),
    () => ({ type: "file-stop", file, of }),
    () => ({ type: random.pick<unknown>(["join", 7, null]), __proto__: null, name: text() }),
    () => random.pick<unknown>(ODD),
  ])();
}

/** What turns text around, hides in it, or ends it. */
const DECEPTIVE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\u00ad\u200b\u2060\ufeff]/u;

/** A nickname that was taken stays one with a number behind it, and nobody gets it twice. */
function checkName(name: string, random: Random): void {
  assertEquals(name, name.trim());
  assert(!DECEPTIVE.test(name), JSON.stringify(name));
  const taken = new Set<string>();
  for (let count = 1 + random.below(3); count > 0; count--) {
    const free = freeNickname(name, (key) => taken.has(key));
    if (free === undefined) throw new Error("There is no free nickname");
    assert(bytesOf(free).length <= NICKNAME_BYTES);
    assertEquals(nicknameFault(free), undefined, JSON.stringify(free));
    const key = nicknameKey(free);
    assert(!taken.has(key) && key !== "");
    taken.add(key);
  }
}

const IMAGE_LIMIT = 100;

/** What a page sends as bytes: a nickname's length, the nickname, an image. */
export const talkImage: FuzzTarget = {
  name: "talk-image",
  make(random) {
    const name = bytesOf(random.pick(["Ada", "", words(random)])).slice(0, 255);
    const image = random.bytes(random.pick([0, 1, 50, 100, 101, 200]));
    const message = concat([Uint8Array.of(name.length), name, image]);
    return random.oneIn(3) ? mutate(message, random) : message;
  },
  check(input) {
    const message = parseImage(input, IMAGE_LIMIT);
    if (message.type === "error") {
      assert(/^[ -~]+$/.test(message.fault), message.fault);
      return message.fault.replaceAll(/\d+/g, "N");
    }
    const { image } = message;
    assert(image.length > 0 && image.length <= IMAGE_LIMIT);
    assertEquals(image, input.subarray(input.length - image.length));
    // The nickname that the server knows is put in the place of theirs, whatever that was.
    const again = parseImage(frameImage("\u00e9\u20ac", image), IMAGE_LIMIT);
    assertEquals(again, { type: "image", image });
    return "image";
  },
};

/** What a page sends as bytes of a file: as an image, with a header of its own behind the nickname. */
export const talkSlice: FuzzTarget = {
  name: "talk-slice",
  make(random) {
    const slice = {
      id: random.pick([0, 1, 2 ** 53 - 1]),
      file: random.below(2 ** 32),
      index: random.pick([0, 1, 2 ** 32 - 1]),
      bytes: random.bytes(random.below(60)),
    };
    const message = frameSlice(words(random).slice(0, 80), slice);
    return random.oneIn(2) ? mutate(message, random) : message;
  },
  check(input) {
    const slice = parseSlice(input);
    if (slice === undefined) return "none";
    const { file, index, bytes } = slice;
    assert(file >= 0 && file < 2 ** 32 && index >= 0 && index < 2 ** 32);
    assertEquals(bytes, input.subarray(input.length - bytes.length));
    // As it goes out: with the name and the number that the server knows.
    const again = parseSlice(frameSlice("\u00e9\u20ac", { ...slice, id: 7 }));
    assertEquals(again, { id: 7, file, index, bytes });
    return "slice";
  },
};
