import { assertEquals } from "@std/assert";
import { RawClient } from "./raw_client.ts";

/** A client that is connected, and has had an answer from the echo app. */
export async function echoed(url: URL): Promise<WebSocket> {
  const socket = new WebSocket(url);
  socket.onopen = () => socket.send("hello");
  const answer = await new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => resolve(data);
    socket.onclose = () => reject(new Error("Connection ended without an answer"));
  });
  assertEquals(answer, "hello");
  return socket;
}

/** Waits until a connection has ended, and returns the code. */
export function closed(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => socket.onclose = ({ code }) => resolve(code));
}

/** A client that answers nothing, Close neither. */
export async function stubborn(url: URL): Promise<RawClient> {
  return await RawClient.open({
    transport: "tcp",
    hostname: url.hostname,
    port: Number(url.port),
  });
}
