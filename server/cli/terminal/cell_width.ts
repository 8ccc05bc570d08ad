/**
 * How text stands in the cells of a terminal: what a person takes for one character can be several
 * code points, and takes no cell, one or two.
 *
 * @module
 */

/** Takes no cell of its own: combining marks, joiners, and the vowels and ends of Hangul syllables. */
const NARROWEST = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]/u;

/** Takes two cells: what UAX 11 calls wide or fullwidth, by block, and emoji that are pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18d8f}\u{1aff0}-\u{1b2ff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u;

/** Makes a picture of the emoji before it. */
const PICTURE_SELECTOR = "\ufe0f";

const SEGMENTER = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/**
 * Parts a text into what people take for characters: grapheme clusters (UAX 29).
 *
 * @param text A short text: the work grows with its length.
 */
export function clustersOf(text: string): string[] {
  return Array.from(SEGMENTER.segment(text), ({ segment }) => segment);
}

/**
 * Says how many cells a grapheme cluster takes: 0, 1 or 2. Terminals differ over a few of them.
 *
 * @param cluster One of {@linkcode clustersOf}.
 */
export function cellWidth(cluster: string): number {
  if (WIDE.test(cluster) || cluster.includes(PICTURE_SELECTOR)) return 2;
  return Array.from(cluster).every((character) => NARROWEST.test(character)) ? 0 : 1;
}
