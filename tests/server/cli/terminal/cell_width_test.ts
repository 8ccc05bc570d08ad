import { assertEquals } from "@std/assert";
import { cellWidth, clustersOf } from "../../../../server/cli/terminal/cell_width.ts";

/** Two women and a girl, joined to one picture. */
const FAMILY = "\u{1f469}\u200d\u{1f469}\u200d\u{1f467}";

Deno.test("clustersOf() keeps together what people take for one character", () => {
  const characters = ["a", "e\u0301", "漢", FAMILY, "\u{1f1e9}\u{1f1ea}", "\n"];
  assertEquals(clustersOf(characters.join("")), characters);
  assertEquals(clustersOf(""), []);
});

for (
  const [cells, clusters] of [
    [0, ["\u0301", "\u200d", "\u200c"]],
    [1, ["a", "ö", "e\u0301", "я", "\uff71", "→", "☺"]],
    [2, ["漢", "ひ", "한", "\u1112\u1161\u11ab", "！", "\u{1f600}", "☺\ufe0f", FAMILY]],
    [2, ["\u{1f1e9}\u{1f1ea}", "\u{20000}"]],
  ] as const
) {
  Deno.test(`cellWidth() is ${cells} for ${clusters.map((it) => JSON.stringify(it)).join()}`, () => {
    for (const cluster of clusters) assertEquals(cellWidth(cluster), cells, cluster);
  });
}
