// @ts-check
/**
 * Plays one case of cases.ts with a WebSocket class: that of a browser, Deno or Node, or that of the
 * npm package ws, which can do more. It runs in all four, so it imports nothing.
 *
 * @param {any} WebSocket The class.
 * @param {{ url: string, protocols: string[], moves: any[] }} script What to do.
 * @returns {Promise<string[]>} What happened.
 */
export async function runCase(WebSocket, { url, protocols, moves }) {
  const socket = new WebSocket(url, protocols);
  socket.binaryType = "arraybuffer";
  /** @type {(string | Promise<string>)[]} */
  const events = [];
  let over = false;
  let wake = () => {};
  const note = (/** @type {string | Promise<string>} */ event) => {
    events.push(event);
    wake();
  };

  socket.onopen = () => {
    // A refusal shows as an error, and in Node's class as nothing else. Only ws tells the status.
    socket.onerror = () => {};
    socket.onclose = (/** @type {any} */ { code, reason }) => {
      over = true;
      note(`close ${code} "${reason}"`);
    };
    note(`open ${socket.protocol}`.trim());
  };
  socket.onerror = (/** @type {any} */ { message }) => {
    over = true;
    const status = /server response: (\d+)/.exec(message ?? "")?.[1] ?? "";
    note(`refused ${status}`.trim());
  };
  socket.onmessage = (/** @type {any} */ { data }) =>
    note(typeof data === "string" ? describeText(data) : describeBytes("binary", data));
  socket.on?.("pong", (/** @type {any} */ data) => note(`pong "${data}"`));

  let awaited = 0;
  for (const move of moves) {
    if (typeof move !== "string") act(socket, move);
    else {
      for (awaited++; events.length < awaited && !over;) {
        await new Promise((resolve) => wake = () => resolve(undefined));
      }
    }
  }
  return Promise.all(events);
}

/** Does what a move says. */
function act(/** @type {any} */ socket, /** @type {any} */ move) {
  if ("text" in move) socket.send(move.text.repeat(move.times ?? 1));
  if ("binary" in move) socket.send(pattern(move.binary));
  if ("fragments" in move) {
    move.fragments.forEach((/** @type {any} */ piece, /** @type {number} */ at) => {
      if (at > 0 && move.between !== undefined) socket.ping(`${move.between} ${at}`);
      const fin = at === move.fragments.length - 1;
      socket.send(typeof piece === "string" ? piece : pattern(piece), { fin });
    });
  }
  if ("ping" in move) socket.ping(move.ping);
  if ("pong" in move) socket.pong(move.pong);
  // ws has no public way to write bytes that are no frame, and other classes have none at all.
  if ("raw" in move) socket._socket.write(fromHex(move.raw));
  if ("close" in move) socket.close(...move.close);
}

function pattern(/** @type {number} */ length) {
  return Uint8Array.from({ length }, (_, at) => at % 251);
}

function fromHex(/** @type {string} */ text) {
  const digits = text.replaceAll(" ", "").match(/../g) ?? [];
  return Uint8Array.from(digits, (pair) => Number.parseInt(pair, 16));
}

function describeText(/** @type {string} */ text) {
  const bytes = new TextEncoder().encode(text);
  return bytes.length <= 64 ? `text "${text}"` : describeBytes("text", bytes);
}

async function describeBytes(/** @type {string} */ type, /** @type {BufferSource} */ data) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  const digits = Array.from(hash.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0"));
  return `${type} of ${data.byteLength} bytes, ${digits.join("")}`;
}
