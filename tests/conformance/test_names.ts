import type { Proof } from "./rule.ts";

const TEST_REGEXP = /^[ \t]*(?:Deno\.)?test\(\s*(?:\{\s*name:\s*)?(?=["`])/gm;
const PLUS_REGEXP = /\s*\+\s*/y;

/**
 * Finds the names of the tests in a file, as they are written there. What is interpolated into a
 * name, or added to it by a variable, only a run would tell: the pattern takes any text there.
 *
 * @param source The file.
 * @returns A pattern for each name.
 */
export function testNames(source: string): RegExp[] {
  return Array.from(source.matchAll(TEST_REGEXP), (match) => {
    const start = match.index + match[0].length;
    return new RegExp(`^${namePattern(source, start)}$`);
  });
}

/** The pattern of a name that begins at this character; its parts may be joined with `+`. */
function namePattern(source: string, start: number): string {
  let pattern = "";
  for (let at = start;;) {
    if (source[at] !== '"' && source[at] !== "`") return `${pattern}[^]*`; // a variable
    const part = readLiteral(source, at);
    pattern += part.pattern;
    PLUS_REGEXP.lastIndex = part.end;
    const plus = PLUS_REGEXP.exec(source);
    if (plus === null) return pattern;
    at = part.end + plus[0].length;
  }
}

/** Reads a string or a template. The expressions in a template have their braces in pairs. */
function readLiteral(source: string, start: number): { pattern: string; end: number } {
  const quote = source[start];
  let pattern = "";
  let depth = 0;
  for (let at = start + 1; at < source.length; at++) {
    const character = source[at]!;
    if (depth > 0) {
      if (character === "{") depth++;
      if (character === "}") depth--;
    } else if (character === quote) {
      return { pattern, end: at + 1 };
    } else if (quote === "`" && source.startsWith("${", at)) {
      pattern += "[^]*";
      depth = 1;
      at++;
    } else {
      if (character === "\\") at++;
      pattern += RegExp.escape(source[at]!);
    }
  }
  throw new SyntaxError(`Cannot read the name of a test: it begins at character ${start}`);
}

/** A pattern for the tests that a proof names. A test that is ignored may say why behind its name. */
export function namePatternOf([, name]: Proof): RegExp {
  const pattern = name.split("…").map((part) => RegExp.escape(part)).join("[^]*");
  return new RegExp(`^${pattern}(?: \\(ignored: [^]*\\))?$`);
}
