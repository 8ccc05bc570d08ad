/** The header lines of an opening handshake as browsers send it, with a session cookie. */
const LINES = [
  "GET /chat?room=lobby&since=1732099200 HTTP/1.1",
  "Host: chat.example.com",
  "Connection: Upgrade",
  "Pragma: no-cache",
  "Cache-Control: no-cache",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) " +
  "Chrome/142.0.0.0 Safari/537.36",
  "Upgrade: websocket",
  "Origin: https://chat.example.com",
  "Sec-WebSocket-Version: 13",
  "Accept-Encoding: gzip, deflate, br, zstd",
  "Accept-Language: en-GB,en;q=0.9,de;q=0.8",
  "Cookie: theme=dark; session=0f8fad5bd9cb469fa16570867728950e7c9e6679b4a5",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
  "Sec-WebSocket-Protocol: chat.v2, chat.v1",
];

/** The same as bytes, with the empty line that ends it. */
export const BROWSER_HEAD: Uint8Array = new TextEncoder().encode(`${LINES.join("\r\n")}\r\n\r\n`);
