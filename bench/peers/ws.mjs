// ws with its native bufferutil, on Node: node ws.mjs FOLDER echo|broadcast
// FOLDER has the node_modules with both.
import { createRequire } from "node:module";

const [folder, app] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const { WebSocketServer } = require("ws");

// Without a binary for this platform bufferutil is JavaScript, and ws is slower than it can be.
if (!require("bufferutil").mask.toString().includes("[native code]")) {
  throw new Error("bufferutil has no binary for this platform");
}

const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
server.on(
  "listening",
  () => process.stdout.write(`http://127.0.0.1:${server.address().port}/\n`),
);
server.on("connection", (socket) => {
  socket.on("error", () => {});
  socket.on("message", (data, binary) => {
    if (app === "echo") socket.send(data, { binary });
    else for (const client of server.clients) client.send(data, { binary });
  });
});
