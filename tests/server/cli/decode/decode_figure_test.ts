import { assert, assertEquals } from "@std/assert";
import { encodeFrame, Opcode } from "../../../../protocol/mod.ts";
import { drawFrame } from "../../../../server/cli/decode/decode_figure.ts";
import { decodeFrames, roleOf } from "../../../../server/cli/decode/decode_frames.ts";
import { fromHex } from "../../../helpers/notation.ts";
import { Random } from "../../../helpers/random.ts";

const RULER = ` 0                   1                   2                   3
 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
`;

function draw(bytes: Uint8Array, payloadBytes = 64): string {
  const [frame] = decodeFrames(bytes, roleOf(bytes));
  return drawFrame(frame!, payloadBytes).join("\n") + "\n";
}

Deno.test("drawFrame() draws the masked Hello of RFC 6455 5.7", () => {
  assertEquals(
    draw(fromHex("8185 37fa213d 7f9f4d5158")),
    RULER + `\
+-+-+-+-+-------+-+-------------+-------------------------------+
|1|0|0|0|0 0 0 1|1|0 0 0 0 1 0 1|0 0 1 1 0 1 1 1 1 1 1 1 1 0 1 0|
|F|R|R|R|opcode |M|payload len  |masking key                    |
|I|S|S|S|1      |A|5            |37 fa                          |
|N|V|V|V|text   |S|             |                               |
| |1|2|3|       |K|             |                               |
+-+-+-+-+-------+-+-------------+---------------+---------------+
|0 0 1 0 0 0 0 1 0 0 1 1 1 1 0 1|0 1 1 1 1 1 1 1|1 0 0 1 1 1 1 1|
|masking key, continued         |payload[0]     |payload[1]     |
|21 3d                          |7f^37=48 'H'   |9f^fa=65 'e'   |
+---------------+---------------+---------------+---------------+
|0 1 0 0 1 1 0 1|0 1 0 1 0 0 0 1|0 1 0 1 1 0 0 0|
|payload[2]     |payload[3]     |payload[4]     |
|4d^21=6c 'l'   |51^3d=6c 'l'   |58^37=6f 'o'   |
+---------------+---------------+---------------+
`,
  );
});

Deno.test("drawFrame() draws a length of 64 bits over three rows, and no more payload than asked for", () => {
  assertEquals(
    draw(encodeFrame(Opcode.Binary, new Uint8Array(65_536)), 1),
    RULER + `\
+-+-+-+-+-------+-+-------------+-------------------------------+
|1|0|0|0|0 0 1 0|0|1 1 1 1 1 1 1|0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0|
|F|R|R|R|opcode |M|payload len  |extended length                |
|I|S|S|S|2      |A|127          |00 00                          |
|N|V|V|V|binary |S|64 bits      |                               |
| |1|2|3|       |K|follow       |                               |
+-+-+-+-+-------+-+-------------+-------------------------------+
|0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1|
|extended length, continued                                     |
|00 00 00 01                                                    |
+-------------------------------+---------------+---------------+
|0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0|0 0 0 0 0 0 0 0|
|extended length, continued     |payload[0]     |
|00 00                          |00             |
|= 65536                        |               |
+-------------------------------+---------------+
`,
  );
});

Deno.test("drawFrame() draws a frame as far as it is there", () => {
  assertEquals(
    draw(fromHex("f3")),
    RULER + `\
+-+-+-+-+-------+
|1|1|1|1|0 0 1 1|
|F|R|R|R|opcode |
|I|S|S|S|3      |
|N|V|V|V|reser- |
| |1|2|3|ved    |
+-+-+-+-+-------+
`,
  );
});

Deno.test("drawFrame() keeps to 65 columns of ASCII, and to the bits, whatever it gets", () => {
  const random = new Random(4);
  for (let times = 0; times < 300; times++) {
    const bytes = Uint8Array.from({ length: random.below(40) + 1 }, () => random.below(256));
    const [frame] = decodeFrames(bytes, "server");
    const [, , ...lines] = drawFrame(frame!, 1_000);
    for (const line of lines) {
      assert(line.length <= 65 && /^[ -~]*$/.test(line), line);
    }
    // Below each border stands a row of bits.
    const bits = lines.filter((_, index) => lines[index - 1]?.startsWith("+"));
    const drawn = bits.join("").replaceAll(/[^01]/g, "");
    const wire = [...frame!.wire].map((byte) => byte.toString(2).padStart(8, "0")).join("");
    assertEquals(drawn, wire);
  }
});
