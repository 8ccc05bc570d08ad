// Deno.upgradeWebSocket, Deno's own: deno run -A deno.ts echo|broadcast
const [app] = Deno.args;
const all = new Set<WebSocket>();

Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: tell }, (request) => {
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
  socket.binaryType = "arraybuffer";
  socket.onopen = () => all.add(socket);
  socket.onclose = () => all.delete(socket);
  socket.onmessage = ({ data }) => {
    if (app === "echo") socket.send(data);
    else for (const client of all) client.send(data);
  };
  return response;
});

function tell({ port }: Deno.NetAddr): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`http://127.0.0.1:${port}/\n`));
}
