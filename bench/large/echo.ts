// Sends every message back while it arrives, and never holds one as a whole: deno run -A echo.ts
import { serve } from "../../mod.ts";

const ANY = Number.MAX_SAFE_INTEGER;

const server = serve({
  port: 0,
  limits: { messageBytes: ANY, messageFragments: ANY },
  async open(connection) {
    for await (const { type, readable } of connection.messages({ stream: true })) {
      await connection.send(readable, { type });
    }
  },
});
Deno.stdout.writeSync(new TextEncoder().encode(`${server.url}/\n`));
