// The talk page: what the person does becomes messages, what the server sends becomes the page.

import { safeName } from "./file_names.js";
import { Files } from "./files.js";
import { decodeImage, encodeImage, NICKNAME_BYTES, sniffImage } from "./frames.js";
import { Link } from "./link.js";
import { MessageLog } from "./log.js";
import { Panel } from "./panel.js";
import { fitImage } from "./shrink.js";
import { decodeSlice } from "./slices.js";

/** The longest text, in bytes of UTF-8, as in the server's talk_messages.ts. */
const TEXT_BYTES = 16 * 1024;

/** How the faults begin that the {@linkcode Link} has of a person who sends too fast. */
const TOO_FAST = "Too many messages at once";

/** The pause between images that are sent together, in milliseconds: many at once are a flood. */
const IMAGE_PAUSE_MS = 200;

/** How long a fault stands, in milliseconds, unless something takes it away before. */
const FAULT_MS = 15_000;

/** Where the browser keeps the nickname. */
const NAME_KEY = "fourtuple.nickname";

const page = {
  status: byId("status", HTMLElement),
  notice: byId("notice", HTMLElement),
  noticeText: byId("notice-text", HTMLElement),
  countdown: byId("countdown", HTMLElement),
  now: byId("now", HTMLButtonElement),
  fault: byId("fault", HTMLElement),
  nameForm: byId("name-form", HTMLFormElement),
  name: byId("name", HTMLInputElement),
  composer: byId("composer", HTMLFormElement),
  text: byId("text", HTMLTextAreaElement),
  pick: byId("pick", HTMLButtonElement),
  file: byId("file", HTMLInputElement),
  drop: byId("drop", HTMLElement),
};

const log = new MessageLog({
  list: byId("log", HTMLElement),
  empty: byId("empty", HTMLElement),
  newer: byId("newer", HTMLButtonElement),
});
const panel = new Panel(byId("panel", HTMLDetailsElement));

/** The nickname this person asked for; the server may have had to change it. */
let wanted = storedName() ?? guestName();

/**
 * Known after the welcome.
 *
 * @type {{ id: number, name: string, imageBytes: number, sliceBytes: number } | undefined}
 */
let me;

/** @type {number | undefined} The timer of the countdown. */
let ticking;

/** @type {number | undefined} The timer that takes the fault away. */
let fading;

/** Messages that came while the tab was hidden. */
let unread = 0;

// A page behind a path prefix finds its socket there too.
const socketUrl = new URL("./", location.href);
socketUrl.protocol = location.protocol === "https:" ? "wss:" : "ws:";
socketUrl.hash = socketUrl.search = "";

const link = new Link(socketUrl.href, { onState: showState, onMessage: receive });
const files = new Files({ link, log, me: () => me });

// ---------------------------------------------------------------- what the server sends

/** @param {string | ArrayBuffer} data */
function receive(data) {
  if (typeof data === "string") receiveMessage(JSON.parse(data));
  else receiveBytes(new Uint8Array(data));
}

/** @param {import("../talk_messages.ts").ServerMessage} message */
function receiveMessage(message) {
  switch (message.type) {
    case "welcome":
      welcome(message);
      break;
    case "joined":
      if (message.id !== me?.id) log.addLine(`${message.name} joined`);
      break;
    case "left":
      files.left(message.id);
      log.addLine(`${message.name} left`);
      break;
    case "renamed":
      if (message.id === me?.id) renamed(message.name);
      else log.addLine(`${message.was} is now ${message.name}`);
      break;
    case "text": {
      const own = message.id === me?.id;
      log.addText({ name: message.name, own, at: message.at }, message.text);
      if (!own) countUnread();
      break;
    }
    case "file":
      files.receive(message);
      countUnread();
      break;
    case "file-more":
    case "file-end":
    case "file-stop":
      files.receive(message);
      break;
    case "figures":
      panel.showFigures(message);
      break;
    case "error":
      refused(message.fault);
      break;
  }
}

/** @param {Uint8Array<ArrayBuffer>} message */
function receiveBytes(message) {
  const decoded = decodeImage(message);
  if (decoded === undefined) return;
  const slice = decodeSlice(decoded.image);
  if (slice !== undefined) return files.receiveSlice(slice);
  // The server puts the sender's name in front, and no two people have the same.
  const own = decoded.name === me?.name;
  log.addImage({ name: decoded.name, own, at: Date.now() }, decoded.image);
  if (!own) countUnread();
}

/** @param {Extract<import("../talk_messages.ts").ServerMessage, { type: "welcome" }>} message */
function welcome({ id, name, imageBytes, sliceBytes, others, people, you }) {
  me = { id, name, imageBytes, sliceBytes };
  panel.showYou(you);
  showName(name);
  const rest = people - 1 - others.length;
  const names = rest > 0 ? [...others, `${rest} more`] : others;
  const here = new Intl.ListFormat("en").format(names);
  log.addLine(
    here === "" ? `You are ${name}, alone so far` : `You are ${name}. Also here: ${here}`,
  );
}

/** @param {string} name */
function renamed(name) {
  if (me !== undefined) me.name = name;
  showName(name);
  log.addLine(name === wanted ? `You are now ${name}` : `${wanted} is taken: you are now ${name}`);
}

/** @param {string} fault */
function refused(fault) {
  showFault(fault);
  if (me !== undefined) return showName(me.name);
  // The nickname in this browser's store no longer pleases the server.
  wanted = guestName();
  sayHello();
}

// ---------------------------------------------------------------- the connection

/** @param {import("../../../client/reconnecting.d.ts").State} link */
function showState(link) {
  clearInterval(ticking);
  page.status.dataset.state = link.state;
  switch (link.state) {
    case "connecting":
      page.status.textContent = "Connecting";
      page.countdown.textContent = "Trying now.";
      break;
    case "open":
      page.status.textContent = "Connected";
      page.notice.hidden = true;
      clearFault();
      sayHello();
      break;
    case "waiting":
      me = undefined;
      files.disconnected();
      panel.dim();
      page.status.textContent = "Reconnecting";
      page.now.textContent = "Try now";
      showNotice(navigator.onLine ? "The connection is lost." : "This device is offline.");
      showCountdown(link.until);
      ticking = setInterval(showCountdown, 200, link.until);
      break;
    case "stopped":
      me = undefined;
      files.disconnected();
      panel.dim();
      page.status.textContent = "Disconnected";
      page.now.textContent = "Connect again";
      page.countdown.textContent = "";
      showNotice(`The server ended this connection: ${link.reason || `close code ${link.code}`}.`);
      break;
  }
}

/** @param {number} until */
function showCountdown(until) {
  const seconds = Math.max(1, Math.ceil((until - Date.now()) / 1000));
  page.countdown.textContent = `Trying again in ${seconds} s.`;
}

/** @param {string} text */
function showNotice(text) {
  page.noticeText.textContent = text;
  page.notice.hidden = false;
}

/** @returns {boolean} False when too much was sent just now. */
function sayHello() {
  return link.send(JSON.stringify({ type: "hello", name: wanted })) !== "too fast";
}

page.now.addEventListener("click", () => {
  link.now();
  page.text.focus();
});

addEventListener("offline", () => {
  if (page.status.dataset.state === "waiting") showNotice("This device is offline.");
});

// ---------------------------------------------------------------- the nickname

page.nameForm.addEventListener("submit", (event) => {
  event.preventDefault();
  page.text.focus();
});

page.name.addEventListener("input", clearFault);

page.name.addEventListener("change", () => {
  const name = page.name.value.trim();
  const fault = name === "" ? "Nickname is empty" : lengthFault("nickname", name, NICKNAME_BYTES);
  if (fault !== undefined) {
    showFault(fault);
    page.name.value = me?.name ?? wanted;
    return;
  }
  clearFault();
  wanted = name;
  storeName(name);
  if (name !== me?.name && !sayHello()) {
    showFault(`${TOO_FAST}: your nickname changes when you next connect`);
  }
});

/** @param {string} name */
function showName(name) {
  if (document.activeElement !== page.name) page.name.value = name;
}

/** @returns {string} */
function guestName() {
  return `guest-${1000 + Math.floor(Math.random() * 9000)}`;
}

/** @returns {string | undefined} */
function storedName() {
  try {
    const name = localStorage.getItem(NAME_KEY);
    if (name !== null) return name;
  } catch {
    // The browser keeps nothing for this page: the nickname lasts as long as the tab.
  }
  return undefined;
}

/** @param {string} name */
function storeName(name) {
  try {
    localStorage.setItem(NAME_KEY, name);
  } catch {
    // As above.
  }
}

// ---------------------------------------------------------------- text

page.composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = page.text.value.trim();
  if (text === "") return;
  const fault = lengthFault("message", text, TEXT_BYTES) ?? sendText(text);
  if (fault !== undefined) return showFault(fault);
  clearFault();
  page.text.value = "";
  fitText();
});

/**
 * @param {string} text
 * @returns {string | undefined} Why it could not be sent, if it could not.
 */
function sendText(text) {
  switch (link.send(JSON.stringify({ type: "text", text }))) {
    case "sent":
      return undefined;
    case "closed":
      return "Not connected: your message is kept here";
    case "too fast":
      return `${TOO_FAST}: your message is kept here, send it in a moment`;
  }
}

page.text.addEventListener("keydown", (event) => {
  // While an input method composes, Enter chooses a word.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  page.composer.requestSubmit();
});

page.text.addEventListener("input", () => {
  clearFault();
  fitText();
});

function fitText() {
  page.text.style.height = "auto";
  page.text.style.height = `${page.text.scrollHeight}px`;
}

// ---------------------------------------------------------------- images and other files

page.pick.addEventListener("click", () => page.file.click());

page.file.addEventListener("change", () => {
  sendFiles(page.file.files ?? []);
  // So that choosing the same file again is a change again.
  page.file.value = "";
});

addEventListener("paste", (event) => {
  const files = event.clipboardData?.files ?? [];
  if (files.length === 0) return;
  event.preventDefault();
  sendFiles(files);
});

addEventListener("dragover", (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  page.drop.hidden = false;
});

addEventListener("dragleave", (event) => {
  // Leaving one element for another has a related target, leaving the window has none.
  if (event.relatedTarget === null) page.drop.hidden = true;
});

addEventListener("drop", (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  page.drop.hidden = true;
  sendFiles(event.dataTransfer.files);
});

/** @param {Iterable<File>} chosen */
async function sendFiles(chosen) {
  clearFault();
  // The list is live and empties with the input: copied before the first await.
  for (const file of [...chosen]) {
    const fault = await sendFile(file);
    if (fault !== undefined) showFault(fault);
  }
}

/**
 * @param {File} file
 * @returns {Promise<string | undefined>} What is wrong, if anything.
 */
async function sendFile(file) {
  if (me === undefined) return `Not connected: ${safeName(file.name)} was not sent`;
  const image = await readImage(file, me.imageBytes);
  if (image !== undefined) return await sendImage(image);
  files.send(file);
  return undefined;
}

/**
 * @param {File} file
 * @param {number} limit In bytes.
 * @returns {Promise<Uint8Array | undefined>} Undefined when it is no image that is shown at once.
 */
async function readImage(file, limit) {
  try {
    const beginning = new Uint8Array(await file.slice(0, 16).arrayBuffer());
    if (sniffImage(beginning) === undefined) return undefined;
    const image = await fitImage(file, limit);
    return image && new Uint8Array(await image.arrayBuffer());
  } catch {
    // A folder, or a file that is gone: sending it says so.
    return undefined;
  }
}

/**
 * @param {Uint8Array} bytes
 * @returns {Promise<string | undefined>} What is wrong, if anything.
 */
async function sendImage(bytes) {
  while (me !== undefined) {
    const outcome = link.send(encodeImage(me.name, bytes));
    // Many at once are a flood.
    await imagePause();
    if (outcome === "sent") return undefined;
    if (outcome === "closed") break;
  }
  return "Not connected: the image was not sent";
}

/** @returns {Promise<void>} */
function imagePause() {
  return new Promise((resolve) => setTimeout(resolve, IMAGE_PAUSE_MS));
}

// ---------------------------------------------------------------- small things

/** @param {string} text */
function showFault(text) {
  page.fault.textContent = text;
  page.fault.hidden = false;
  clearTimeout(fading);
  fading = setTimeout(clearFault, FAULT_MS);
}

function clearFault() {
  clearTimeout(fading);
  page.fault.hidden = true;
}

/**
 * Says by how much a text is too long. The limit counts bytes, which people do not: the characters
 * are a guess from how many bytes this text takes for each.
 *
 * @param {string} what
 * @param {string} text
 * @param {number} limit In bytes of UTF-8.
 * @returns {string | undefined} Undefined when it is not too long.
 */
function lengthFault(what, text, limit) {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes <= limit) return undefined;
  const characters = Math.ceil([...text].length * (1 - limit / bytes));
  const unit = characters === 1 ? "character" : "characters";
  return `This ${what} is too long: take out about ${characters.toLocaleString()} ${unit}`;
}

function countUnread() {
  if (!document.hidden) return;
  unread++;
  document.title = `(${unread}) Fourtuple talk`;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  unread = 0;
  document.title = "Fourtuple talk";
});

/**
 * @template {HTMLElement} Type
 * @param {string} id
 * @param {{ new (): Type }} type
 * @returns {Type}
 */
function byId(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`No element "${id}" of the expected type`);
  return found;
}

page.name.value = wanted;
// On a phone the focus would open the keyboard over the page. Who was quicker keeps the focus.
const hasMouse = matchMedia("(hover: hover) and (pointer: fine)").matches;
if (hasMouse && document.activeElement === document.body) page.text.focus();
