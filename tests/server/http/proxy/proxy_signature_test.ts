import { assertEquals } from "@std/assert";
import { ProxySignature } from "../../../../server/http/proxy/proxy_signature.ts";

const BLOCK = "\r\n\r\n\0\r\nQUIT\n";

/** Lets a signature see a text, in one chunk or byte by byte. */
function seen(text: string, chunked: boolean): ProxySignature {
  const signature = new ProxySignature();
  const bytes = new TextEncoder().encode(text);
  for (const chunk of chunked ? Array.from(bytes, (byte) => Uint8Array.of(byte)) : [bytes]) {
    signature.look(chunk);
  }
  return signature;
}

const BEGINNINGS: [text: string, version: 1 | 2 | undefined, likely: boolean][] = [
  ["", undefined, false],
  ["P", undefined, false],
  ["PRO", undefined, false],
  ["PROX", undefined, true],
  ["PROXY", undefined, true],
  ["PROXY ", 1, true],
  ["PROXY TCP4 1.2.3.4", 1, true],
  ["PROXYING", undefined, false],
  ["PROPFIND / HTTP/1.1", undefined, false],
  ["PUT / HTTP/1.1", undefined, false],
  ["GET / HTTP/1.1", undefined, false],
  ["GPROXY ", undefined, false],
  ["\r\n", undefined, false],
  ["\r\nGET / HTTP/1.1", undefined, false],
  ["\r\n\r\n", undefined, true],
  ["\r\n\r\nGET / HTTP/1.1", undefined, false],
  [BLOCK.slice(0, 11), undefined, true],
  [BLOCK, 2, true],
  [`${BLOCK}more`, 2, true],
  [`${BLOCK.slice(0, 11)}x`, undefined, false],
  ["\r\n\r\nPROXY ", undefined, false],
];

for (const [text, version, likely] of BEGINNINGS) {
  Deno.test(`ProxySignature judges ${JSON.stringify(text)} alike whole and byte by byte`, () => {
    for (const chunked of [false, true]) {
      const signature = seen(text, chunked);
      assertEquals([signature.version, signature.likely], [version, likely]);
    }
  });
}

Deno.test("ProxySignature.push() tells whether a byte belongs to a signature", () => {
  const signature = new ProxySignature();
  const bytes = new TextEncoder().encode("PROXz ");
  assertEquals(Array.from(bytes, (byte) => signature.push(byte)), [
    true,
    true,
    true,
    true,
    false,
    false,
  ]);
});
