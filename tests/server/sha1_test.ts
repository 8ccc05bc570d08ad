import { assertEquals } from "@std/assert";
import { computeAccept } from "../../protocol/mod.ts";
import { sha1 } from "../../server/sha1.ts";

Deno.test("sha1() answers the key of RFC 6455 1.3", () => {
  assertEquals(computeAccept("dGhlIHNhbXBsZSBub25jZQ==", sha1), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
});
