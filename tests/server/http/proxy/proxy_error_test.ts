import { assertEquals } from "@std/assert";
import {
  PROXY_ERRORS,
  ProxyError,
  type ProxyErrorCode,
} from "../../../../server/http/proxy/proxy_error.ts";

Deno.test("ProxyError has the status of its code, and the headers of the answer", () => {
  for (const code of Object.keys(PROXY_ERRORS) as ProxyErrorCode[]) {
    const { status, headers, message } = new ProxyError(code, "why");
    assertEquals([status, headers, message], [PROXY_ERRORS[code], {}, "why"]);
  }
  const { headers } = new ProxyError("ADDRESS_LIMIT", "why", { "retry-after": "5" });
  assertEquals(headers, { "retry-after": "5" });
});
