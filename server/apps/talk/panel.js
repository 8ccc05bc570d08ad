// The live panel: this connection as the server sees it, and what the whole server holds.

/**
 * @typedef {import("../talk_messages.ts").Figures} Figures
 * @typedef {{ tuple: string, descriptor?: number }} You
 */

/** The figures on the page; hidden until the server sends some. */
export class Panel {
  #root;
  /** @type {You | undefined} */
  #you;

  /** @param {HTMLDetailsElement} root */
  constructor(root) {
    this.#root = root;
    // A wide screen has room for a column that is always open, and hides the summary.
    const wide = matchMedia("(min-width: 60rem)");
    root.open = wide.matches;
    wide.addEventListener("change", () => root.open = wide.matches);
  }

  /** @param {You | undefined} you Absent when the server was told to show no figures. */
  showYou(you) {
    this.#you = you;
    this.#root.hidden = you === undefined;
    if (you === undefined) return;
    const [source = "", destination = ""] = you.tuple.split("-");
    this.#setEndpoint("source", source);
    this.#setEndpoint("destination", destination);
    this.#set("descriptor", String(you.descriptor ?? ""));
    this.#find("descriptor-row").hidden = you.descriptor === undefined;
    this.#set("brief", `You are ${source}`);
  }

  /** Dims the figures, which are old now, until new ones come. */
  dim() {
    this.#root.dataset.stale = "";
  }

  /** @param {Figures} figures */
  showFigures(figures) {
    delete this.#root.dataset.stale;
    const { connections, descriptors, bytesPerConnection } = figures;
    this.#set("connections", connections.toLocaleString());
    this.#set("four-tuples", figures.fourTuples.toLocaleString());
    this.#set("server-ports", figures.serverPorts.toLocaleString());
    this.#find("descriptors-row").hidden = descriptors === undefined;
    if (descriptors !== undefined) this.#setDescriptors(descriptors);
    if (bytesPerConnection !== undefined) {
      this.#set("memory", `${(bytesPerConnection / 1000).toFixed(1)} KB`);
    } else {
      const note = document.createElement("small");
      note.textContent = connections < 100 ? "shown from 100 connections" : "not measurable now";
      this.#find("memory").replaceChildren(note);
    }
    const count = `${connections.toLocaleString()} ${
      connections === 1 ? "connection" : "connections"
    }`;
    this.#set("brief", this.#you === undefined ? count : `${count}, one server port`);
  }

  /** @param {{ open: number, limit?: number }} descriptors */
  #setDescriptors({ open, limit }) {
    const cell = this.#find("descriptors");
    cell.textContent = open.toLocaleString();
    if (limit === undefined) return;
    const rest = document.createElement("small");
    rest.textContent = ` of ${limit.toLocaleString()}`;
    cell.append(rest);
    this.#find("descriptors-bar").style.width = `${Math.min(100, 100 * open / limit)}%`;
  }

  /**
   * @param {"source" | "destination"} side
   * @param {string} endpoint An address and a port: "127.0.0.1:51324" or "[::1]:51324".
   */
  #setEndpoint(side, endpoint) {
    const colon = endpoint.lastIndexOf(":");
    this.#set(`${side}-address`, endpoint.slice(0, colon + 1));
    this.#set(`${side}-port`, endpoint.slice(colon + 1));
  }

  /**
   * @param {string} id
   * @param {string} text
   */
  #set(id, text) {
    this.#find(id).textContent = text;
  }

  /**
   * @param {string} id
   * @returns {HTMLElement}
   */
  #find(id) {
    const found = this.#root.querySelector(`#${id}`);
    if (!(found instanceof HTMLElement)) throw new Error(`No element "${id}" in the panel`);
    return found;
  }
}
