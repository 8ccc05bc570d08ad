// Bun.serve, whose WebSocket is uWebSockets: bun bun.mjs echo|broadcast
const [app] = process.argv.slice(2);
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request, server) =>
    server.upgrade(request) ? undefined : new Response("Upgrade Required", { status: 426 }),
  websocket: {
    idleTimeout: 0,
    perMessageDeflate: false,
    open: (socket) => void socket.subscribe("all"),
    message(socket, data) {
      if (app === "echo") socket.send(data);
      else server.publish("all", data);
    },
  },
});
process.stdout.write(`http://127.0.0.1:${server.port}/\n`);
