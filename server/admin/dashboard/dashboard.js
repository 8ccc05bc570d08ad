// The page of the ops port: one connection to the server, one view at a time, chosen by the address.

import { Api } from "./api.js";
import { Connections } from "./connections.js";
import { ConnectionView } from "./connection.js";
import { byId, setText } from "./dom.js";
import { Drain } from "./drain.js";
import { duration } from "./format.js";
import { LimitsView } from "./limits.js";
import { Live } from "./live.js";
import { Overview } from "./overview.js";
import { Workers } from "./workers.js";

/** Figures older than this, in milliseconds, are said to be old although the connection stands. */
const OLD_MS = 4_000;

const page = {
  status: byId("status", HTMLElement),
  phase: byId("phase", HTMLElement),
  notice: byId("notice", HTMLElement),
  noticeText: byId("notice-text", HTMLElement),
  noticeAge: byId("notice-age", HTMLElement),
  retry: byId("retry", HTMLButtonElement),
  title: byId("title", HTMLElement),
  main: byId("main", HTMLElement),
};

const api = new Api();
const live = new Live(api, { onState: showState, onSnapshot: takeSnapshot });
const context = { api, live };

/**
 * @typedef {{ title: string, show: (rest: string, query: URLSearchParams) => void, hide: () => void,
 *   take: (snapshot: import("./live.js").Snapshot) => void }} View
 */

/** The views under the first part of their addresses. @type {Record<string, View>} */
const views = {
  overview: new Overview(context),
  connections: new Connections(context),
  connection: new ConnectionView(context),
  limits: new LimitsView(context),
  workers: new Workers(context),
  drain: new Drain(context),
};

/** @type {string | undefined} The view that is shown. */
let shown;

/** @type {import("./live.js").LiveState} */
let state = { state: "connecting" };

// ---------------------------------------------------------------- which view

function route() {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [first = "", ...rest] = path.split("/");
  const name = Object.hasOwn(views, first) ? first : "overview";
  const view = views[name];
  if (shown !== undefined) views[shown].hide();
  const isNew = shown !== name;
  const isFirst = shown === undefined;
  shown = name;
  for (const other of Object.keys(views)) byId(other, HTMLElement).hidden = other !== name;
  for (const link of document.querySelectorAll("nav a")) {
    const isCurrent = link instanceof HTMLElement &&
      (link.dataset.view === name ||
        (name === "connection" && link.dataset.view === "connections"));
    if (isCurrent) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  view.show(decode(rest.join("/")), new URLSearchParams(query));
  setText(page.title, view.title);
  document.title = `${view.title} · Fourtuple ops`;
  // A new view is a new page: a keyboard starts at its head. A new filter is none.
  if (isNew && !isFirst) {
    page.title.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

/**
 * Reads a part of the address, which anybody can have written.
 *
 * @param {string} text
 */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// ---------------------------------------------------------------- what comes

/** @param {import("./live.js").Snapshot} snapshot */
function takeSnapshot(snapshot) {
  for (const view of Object.values(views)) view.take(snapshot);
  page.phase.hidden = snapshot.phase === "serving";
  setText(page.phase, snapshot.phase);
  showAge();
}

/** @param {import("./live.js").LiveState} next */
function showState(next) {
  state = next;
  page.status.dataset.state = next.state;
  const words = {
    connecting: "Connecting",
    open: "Live",
    waiting: "Not connected",
    stopped: "Stopped",
  };
  setText(page.status, words[next.state]);
  if (next.state === "waiting") setText(page.noticeText, `Not connected: ${next.reason}.`);
  if (next.state === "stopped") setText(page.noticeText, `Stopped: ${next.reason}.`);
  page.retry.hidden = next.state === "open" || next.state === "connecting";
  showAge();
}

/** Says how old the figures are when they are not of now, and when the next attempt is. */
function showAge() {
  const isOld = live.last !== undefined && live.age > OLD_MS;
  const isLost = state.state === "waiting" || state.state === "stopped";
  // While an attempt is under way the notice stays as it is: it would flicker.
  if (state.state === "open") page.notice.hidden = !isOld;
  else if (isLost) page.notice.hidden = false;
  if (state.state === "open" && isOld) setText(page.noticeText, "Connected, but no figures come.");
  page.main.toggleAttribute("data-stale", !page.notice.hidden);
  const age = live.last === undefined
    ? "There are no figures yet."
    : `The figures are ${duration(live.age)} old.`;
  const wait = state.state === "waiting"
    ? ` Trying again in ${Math.max(1, Math.ceil((state.until - performance.now()) / 1000))} s.`
    : "";
  setText(page.noticeAge, age + wait);
}

setInterval(showAge, 1_000);
page.retry.addEventListener("click", () => live.retry());
addEventListener("online", () => live.retry());
addEventListener("hashchange", route);
byId("skip", HTMLElement).addEventListener("click", (event) => {
  // The address names the view, so the link must not change it.
  event.preventDefault();
  page.main.focus();
});

route();
live.connect();
