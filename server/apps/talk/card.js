// What the list of messages shows of a file. All that a peer wrote goes in through textContent.

/** A file in the list of messages. */
export class FileCard {
  /** What the list shows. */
  element = element("div", "bubble file");
  #bar = document.createElement("progress");
  #status = element("p", "file-status");
  #cancel = document.createElement("button");
  #percent = element("span", "file-percent");
  #title;

  /**
   * @param {{ title: string, detail: string, status: string, onCancel: () => void }} file `title` is
   * its safe name.
   */
  constructor({ title, detail, status, onCancel }) {
    this.#title = title;
    const name = element("p", "file-name", title);
    name.dir = "auto";
    this.#bar.max = 1;
    this.#bar.value = 0;
    this.#bar.setAttribute("aria-label", `Progress of ${title}`);
    // The list is read out as it changes; a number that changes all the time would drown the talk.
    this.#percent.ariaHidden = "true";
    this.#status.append(status);
    this.#cancel.type = "button";
    this.#cancel.textContent = "Cancel";
    this.#cancel.setAttribute("aria-label", `Cancel ${title}`);
    this.#cancel.addEventListener("click", onCancel);
    const foot = element("div", "file-foot");
    foot.append(this.#status, this.#percent, this.#cancel);
    this.element.append(name, element("p", "file-detail", detail), this.#bar, foot);
  }

  /**
   * Shows how far it is.
   *
   * @param {number} bytes
   * @param {number} size
   * @param {string} status What is being done, such as "Sending".
   */
  progress(bytes, size, status) {
    const part = size === 0 ? 1 : bytes / size;
    this.#bar.value = part;
    this.#percent.textContent = `${Math.floor(100 * part)} %`;
    if (this.#status.textContent !== status) this.#status.textContent = status;
  }

  /**
   * Shows how it ended.
   *
   * @param {string} status
   * @param {{ url?: string, failed?: boolean }} [how] Where the file can be had.
   */
  end(status, { url, failed = false } = {}) {
    // Who has just pressed the button should not find the focus gone from the page.
    const hadFocus = document.activeElement === this.#cancel;
    this.#bar.remove();
    this.#percent.remove();
    this.#cancel.remove();
    this.#status.textContent = status;
    this.element.classList.toggle("failed", failed);
    if (url !== undefined) {
      const save = Object.assign(document.createElement("a"), {
        href: url,
        download: this.#title,
        textContent: "Save",
        className: "file-save",
      });
      save.setAttribute("aria-label", `Save ${this.#title}`);
      this.#status.after(save);
    }
    if (hadFocus) document.getElementById("text")?.focus();
  }
}

/**
 * @param {"div" | "p" | "span"} name
 * @param {string} className
 * @param {string} [textContent]
 */
function element(name, className, textContent = "") {
  return Object.assign(document.createElement(name), { className, textContent });
}
