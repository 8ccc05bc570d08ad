// Messages for those who ask, by Deno.serve: deno run -A polling.ts
//   POST /publish        the body is the next message
//   GET /poll?after=N    the messages after the first N, joined; 204 if there are none yet
//   GET /wait?after=N    the same, but the answer waits until there is one (long polling)
const messages: string[] = [];
let published = Promise.withResolvers<void>();

Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: tell }, async (request) => {
  const { pathname, searchParams } = new URL(request.url);
  const after = Number(searchParams.get("after"));
  switch (pathname) {
    case "/publish":
      messages.push(await request.text());
      published.resolve();
      published = Promise.withResolvers();
      return new Response(null, { status: 204 });
    case "/wait":
      if (messages.length <= after) await published.promise;
      return answer(after);
    case "/poll":
      return answer(after);
    default:
      return new Response(null, { status: 404 });
  }
});

/** Bytes, since a text would get a Content-Type that nobody needs. */
function answer(after: number): Response {
  if (messages.length <= after) return new Response(null, { status: 204 });
  return new Response(new TextEncoder().encode(messages.slice(after).join("")));
}

function tell({ port }: Deno.NetAddr): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`http://127.0.0.1:${port}/\n`));
}
