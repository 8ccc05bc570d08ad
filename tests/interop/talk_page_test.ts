import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { type BrowserContext, chromium, type Page, type WebSocketRoute } from "playwright-core";
import type { Server } from "../../mod.ts";
import { talk, type TalkData } from "../../server/apps/talk.ts";
import { frameSlice } from "../../server/apps/talk_slices.ts";
import { until } from "../helpers/events.ts";

const CHROMIUM = "/usr/bin/chromium";

/** The smallest image that a browser draws: one transparent pixel. */
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);

/** Registers a test in a real browser; where there is none it shows as ignored, and why. */
function browserTest(
  name: string,
  body: (context: BrowserContext, server: Server<TalkData>) => Promise<void>,
  options: { figures: boolean } = { figures: true },
): void {
  const ignore = !exists(CHROMIUM);
  Deno.test({
    name: ignore ? `${name} (ignored: needs ${CHROMIUM})` : name,
    ignore,
    fn: async () => {
      const server = start(0, options.figures);
      const browser = await chromium.launch({
        executablePath: CHROMIUM,
        args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
      });
      try {
        const context = await browser.newContext();
        context.setDefaultTimeout(120_000); // a machine can be very busy
        await body(context, server);
      } finally {
        await browser.close();
        await server.close();
      }
    },
  });
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function start(port: number, figures: boolean): Server<TalkData> {
  return talk({ hostname: "127.0.0.1", port, figures, log: () => {} });
}

/** Opens the page and waits until the server has welcomed it. */
async function open(
  context: BrowserContext,
  server: Server<TalkData>,
  name: string,
): Promise<{ page: Page; problems: string[] }> {
  const page = await context.newPage();
  const problems: string[] = [];
  // A breach of the Content-Security-Policy shows as an error on the console.
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(error.message));
  await page.goto(`http://127.0.0.1:${server.addr.port}/`);
  await page.locator(".system", { hasText: "You are " }).waitFor();
  await page.getByLabel("Nickname").fill(name);
  await page.getByLabel("Nickname").press("Enter");
  await page.getByText(`You are now ${name}`, { exact: true }).waitFor();
  return { page, problems };
}

browserTest("talk page: two tabs exchange text and an image", async (context, server) => {
  const ada = await open(context, server, "ada");
  const bob = await open(context, server, "bob");
  await ada.page.getByLabel("Message", { exact: true }).fill("<img src=x onerror=alert(1)>");
  await ada.page.getByLabel("Message", { exact: true }).press("Enter");
  const received = bob.page.locator("article", { hasText: "ada" }).locator(".bubble");
  assertEquals(await received.textContent(), "<img src=x onerror=alert(1)>");
  await ada.page.locator("article.own .bubble").waitFor();

  await bob.page.setInputFiles("#file", { name: "a.png", mimeType: "image/png", buffer: PIXEL });
  const image = ada.page.getByAltText("Image from bob");
  await image.waitFor();
  assertEquals(await shownImage(ada.page, 0), 1);

  await bob.page.close();
  await ada.page.getByText("bob left").waitFor();
  assertEquals([...ada.problems, ...bob.problems], []);
});

browserTest(
  "talk page: the panel shows the own 4-tuple and descriptor",
  async (context, server) => {
    const { page } = await open(context, server, "ada");
    await page.locator("#connections", { hasText: "1" }).waitFor();
    const source = await page.locator("#tuple dd").nth(0).textContent();
    const destination = await page.locator("#tuple dd").nth(1).textContent();
    const described = await server.registry.describe(`${source}-${destination}`);
    const descriptor = `${described?.kernel?.descriptor ?? ""}`;
    assertEquals(await page.locator("#descriptor").textContent(), descriptor);
    assertEquals(await page.locator("#server-ports").textContent(), "1");
    assertEquals(await page.locator("#memory").textContent(), "shown from 100 connections");
  },
);

browserTest("talk page: without figures there is no panel", async (context, server) => {
  const { page } = await open(context, server, "ada");
  assertEquals(await page.locator("#panel").isVisible(), false);
}, { figures: false });

browserTest("talk page: names what is wrong with a nickname", async (context, server) => {
  const { page } = await open(context, server, "ada");
  const fault = page.getByRole("alert");
  await page.getByLabel("Nickname").fill("a\u202Eb");
  await page.getByLabel("Nickname").press("Enter");
  await fault.filter({ hasText: "Nickname holds a control" }).waitFor();
  assertEquals(await page.getByLabel("Nickname").inputValue(), "ada");
});

browserTest("talk page: takes an image from the clipboard", async (context, server) => {
  const { page } = await open(context, server, "ada");
  await page.evaluate(`
    const clipboardData = new DataTransfer();
    const bytes = Uint8Array.from(atob("${PIXEL.toString("base64")}"), (c) => c.charCodeAt(0));
    clipboardData.items.add(new File([bytes], "pasted.png", { type: "image/png" }));
    dispatchEvent(new ClipboardEvent("paste", { clipboardData }));
  `);
  await page.getByAltText("Image from ada").waitFor();
});

/** Drops a PNG of a size on the page, drawn by a script that has `canvas` and `context`. */
async function dropImage(page: Page, [width, height]: [number, number], draw = ""): Promise<void> {
  await page.evaluate(`(async () => {
    const canvas = Object.assign(document.createElement("canvas"), {
      width: ${width},
      height: ${height},
    });
    const context = canvas.getContext("2d");
    ${draw}
    const photo = await new Promise((resolve) => canvas.toBlob(resolve));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([photo], "photo.png", { type: "image/png" }));
    dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
  })()`);
}

/**
 * Waits until an image of the log is loaded; gives its width in pixels. The page's policy forbids
 * what `page.waitForFunction()` does.
 */
async function shownImage(page: Page, index: number): Promise<number> {
  await page.locator(".picture img").nth(index).waitFor();
  return Number(
    await page.evaluate(`new Promise((done) => {
      const image = document.querySelectorAll(".picture img")[${index}];
      if (image.complete) done(image.naturalWidth);
      image.addEventListener("load", () => done(image.naturalWidth));
    })`),
  );
}

/** Says something, as a person does. */
async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.getByLabel("Message", { exact: true }).press("Enter");
}

browserTest("talk page: shrinks a dropped photo over the limit", async (context, server) => {
  const { page, problems } = await open(context, server, "ada");
  // Noise does not compress: 2000 by 1000 pixels are 6 MB as a PNG.
  await dropImage(
    page,
    [2000, 1000],
    `const noise = context.createImageData(2000, 1000);
    for (let at = 0; at < noise.data.length; at += 65536) {
      crypto.getRandomValues(noise.data.subarray(at, at + 65536));
    }
    for (let at = 3; at < noise.data.length; at += 4) noise.data[at] = 255;
    context.putImageData(noise, 0, 0);`,
  );
  await page.getByAltText("Image from ada").waitFor();
  assert(await shownImage(page, 0) > 400);
  assertEquals(problems, []);
});

browserTest("talk page: stays at the end of the log when images come", async (context, server) => {
  const ada = await open(context, server, "ada");
  const bob = await open(context, server, "bob");
  for (const { page } of [ada, bob]) await page.setViewportSize({ width: 1100, height: 760 });
  await say(ada.page, "hi");
  await say(ada.page, "hello");
  let count = 0;
  for (const size of [[900, 600], [1600, 1600], [600, 1200]] satisfies [number, number][]) {
    await dropImage(ada.page, size);
    for (const { page } of [ada, bob]) {
      await page.bringToFront();
      await shownImage(page, count);
      // What the page does on load and on scroll is done two frames later.
      await page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))",
      );
      assertEquals(await belowTheView(page), 0);
      assertEquals(await page.locator("#newer").isVisible(), false);
    }
    count++;
  }
});

browserTest("talk page: leaves a reader of old messages in place", async (context, server) => {
  const ada = await open(context, server, "ada");
  const bob = await open(context, server, "bob");
  await say(bob.page, "line\n".repeat(100));
  await ada.page.locator(".bubble").waitFor();
  await ada.page.bringToFront();
  await ada.page.evaluate(`new Promise((done) => {
    const list = document.querySelector("#log");
    list.addEventListener("scroll", () => done(), { once: true });
    list.scrollTop = 0;
  })`);
  await say(bob.page, "news");
  await ada.page.locator("#newer").click();
  assertEquals(await belowTheView(ada.page), 0);
  assertEquals(await ada.page.locator("#newer").isVisible(), false);
});

/** Tells how many pixels of the log are below what is shown. */
async function belowTheView(page: Page): Promise<unknown> {
  return await page.evaluate(`(() => {
    const { scrollHeight, scrollTop, clientHeight } = document.querySelector("#log");
    return Math.max(0, Math.floor(scrollHeight - scrollTop - clientHeight));
  })()`);
}

browserTest("talk page: keeps a text that would be one too many", async (context, server) => {
  const { page } = await open(context, server, "ada");
  const sent = await page.evaluate(`(() => {
    const text = document.querySelector("#text");
    for (let count = 0; count < 100; count++) {
      text.value = "text " + count;
      text.form.requestSubmit();
      if (text.value !== "") return count;
    }
  })()`);
  await page.getByRole("alert").filter({ hasText: "Too many messages at once" }).waitFor();
  assertEquals(await page.getByLabel("Message", { exact: true }).inputValue(), `text ${sent}`);
  // All that left the box arrive.
  await page.getByText(`text ${Number(sent) - 1}`, { exact: true }).waitFor();
  assertEquals(await page.locator(".own .bubble").count(), sent);
});

browserTest(
  "talk page: says in a person's words that a text is too long",
  async (context, server) => {
    const { page } = await open(context, server, "ada");
    await say(page, "a".repeat(70_000));
    const fault = page.getByRole("alert");
    await fault.filter({ hasText: "too long" }).waitFor();
    assertEquals(
      await fault.textContent(),
      "This message is too long: take out about 53,616 characters",
    );
    await page.getByLabel("Message", { exact: true }).fill("a");
    assertEquals(await fault.isVisible(), false);
  },
);

browserTest(
  "talk page: puts the focus into the message box, not on a phone",
  async (context, server) => {
    const url = `http://127.0.0.1:${server.addr.port}/`;
    const desk = await context.newPage();
    await desk.goto(url);
    await desk.getByText("You are guest-").waitFor();
    assertEquals(await focused(desk), "text");
    const phones = await context.browser()?.newContext({ isMobile: true, hasTouch: true });
    const phone = await phones?.newPage();
    if (phone === undefined) throw new Error("No browser");
    await phone.goto(url);
    await phone.getByText("You are guest-").waitFor();
    assertEquals(await focused(phone), "");
  },
);

browserTest("talk page: takes a fault away after a while", async (context, server) => {
  const page = await context.newPage();
  await page.clock.install();
  await page.goto(`http://127.0.0.1:${server.addr.port}/`);
  await page.getByText("You are guest-").waitFor();
  await page.getByLabel("Nickname").fill(" ");
  await page.getByLabel("Nickname").press("Enter");
  const fault = page.getByRole("alert").filter({ hasText: "Nickname is empty" });
  await fault.waitFor();
  await page.clock.fastForward(20_000);
  await fault.waitFor({ state: "hidden" });
});

browserTest("talk page: keeps the nickname for the next visit", async (context, server) => {
  const { page } = await open(context, server, "ada");
  await page.reload();
  await page.getByText(/^You are ada/).waitFor();
});

browserTest("talk page: can be used by keyboard alone", async (context, server) => {
  const { page } = await open(context, server, "ada");
  // The nickname hands the focus on to the message box.
  assertEquals(await focused(page), "text");
  await page.keyboard.type("one");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("two");
  await page.keyboard.press("Enter");
  assertEquals(await page.locator(".own .bubble").textContent(), "one\ntwo");
  const order = [await focused(page)];
  for (let count = 0; count < 3; count++) {
    await page.keyboard.press("Shift+Tab");
    order.push(await focused(page));
  }
  assertEquals(order, ["text", "pick", "name", "log"]);
});

async function focused(page: Page): Promise<unknown> {
  return await page.evaluate("document.activeElement.id");
}

browserTest("talk page: fits a screen of 320 pixels", async (context, server) => {
  const { page } = await open(context, server, "ada");
  await page.setViewportSize({ width: 320, height: 568 });
  await page.getByText("Live figures").click();
  assertEquals(await page.evaluate("document.documentElement.scrollWidth"), 320);
  const size = await page.evaluate(
    "getComputedStyle(document.querySelector('#text')).fontSize",
  );
  // Below 16 pixels a phone zooms into a field that gets the focus.
  assertEquals(size, "16px");
});

browserTest("talk page: keeps the newest 500 entries and revokes the images", async (context) => {
  const page = await context.newPage();
  await page.routeWebSocket("**", (socket) => {
    const image = Buffer.concat([Buffer.from("\x03bob"), PIXEL]);
    socket.onMessage(() => {
      socket.send(image);
      for (let id = 0; id < 500; id++) {
        socket.send(JSON.stringify({ type: "text", id: 1, name: "bob", text: `${id}`, at: 0 }));
      }
    });
  });
  const server = start(0, true);
  try {
    await page.addInitScript(
      "globalThis.revoked = []; URL.revokeObjectURL = (url) => revoked.push(url)",
    );
    await page.goto(`http://127.0.0.1:${server.addr.port}/`);
    await page.getByText("499", { exact: true }).waitFor();
    assertEquals(await page.locator("article").count(), 500);
    assertEquals(await page.evaluate("revoked.length"), 1);
  } finally {
    await server.close();
  }
});

/** The card of a file in the list. */
function card(page: Page, title: string) {
  const root = page.locator(".file", { hasText: title });
  return {
    root,
    bar: root.getByRole("progressbar"),
    button: root.getByRole("button"),
    save: root.getByRole("link"),
    /** Waits until it says this. */
    says: (status: string) => root.locator(".file-status", { hasText: status }).waitFor(),
  };
}

/** Chooses a file of so many bytes, which the page makes up. */
async function chooseFile(page: Page, title: string, bytes: number): Promise<void> {
  await page.evaluate(`(() => {
    const bytes = new Uint8Array(${bytes});
    for (let at = 0; at < bytes.length; at++) bytes[at] = at ^ (at >> 8) ^ (at >> 16);
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], ${JSON.stringify(title)}, { type: "text/html" }));
    dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
  })()`);
}

/** Waits until a bar stands somewhere between its ends. */
async function isUnderWay(page: Page, title: string): Promise<void> {
  const { bar } = card(page, title);
  await until(`${title} is under way`, async () => {
    const value = Number(await bar.getAttribute("value"));
    return value > 0 && value < 1;
  });
}

browserTest(
  "talk page: sends a file of 20 MiB, checked, with its progress",
  async (context, server) => {
    const ada = await open(context, server, "ada");
    const bob = await open(context, server, "bob");
    const size = 20 * 1024 * 1024;
    await chooseFile(ada.page, "big \u202Ereport.html", size);
    const title = "big report.html";
    for (const { page } of [ada, bob]) await isUnderWay(page, title);
    // People talk on meanwhile.
    await say(ada.page, "it comes");
    await bob.page.getByText("it comes", { exact: true }).waitFor();
    await card(ada.page, title).says("Sent");
    const received = card(bob.page, title);
    await received.says("Complete, SHA-256 checked");
    assertEquals(await received.bar.count(), 0);
    const [download] = await Promise.all([
      bob.page.waitForEvent("download"),
      received.save.click(),
    ]);
    assertEquals(download.suggestedFilename(), title);
    const saved = await Deno.readFile(await download.path());
    const sent = new Uint8Array(size);
    for (let at = 0; at < size; at++) sent[at] = at ^ (at >> 8) ^ (at >> 16);
    assertEquals(saved.length, size);
    assert(saved.every((byte, at) => byte === sent[at]));
    // Opened in the page's own name, a peer's HTML could act as the page.
    const type = await bob.page.evaluate(
      "fetch(document.querySelector('.file a').href).then((r) => r.headers.get('content-type'), () => 'refused')",
    );
    assertEquals(type, "refused");
    const [policy] = bob.problems.splice(0);
    assert(policy?.includes("Content Security Policy"), policy);
    assertEquals([...ada.problems, ...bob.problems], []);
  },
);

browserTest("talk page: cancels a file from either side", async (context, server) => {
  const ada = await open(context, server, "ada");
  const bob = await open(context, server, "bob");
  const size = 200 * 1024 * 1024;
  await chooseFile(ada.page, "one.bin", size);
  await isUnderWay(bob.page, "one.bin");
  await card(ada.page, "one.bin").button.click();
  await card(ada.page, "one.bin").says("Cancelled");
  await card(bob.page, "one.bin").says("Cancelled by ada");
  assertEquals(await focused(ada.page), "text");

  await chooseFile(ada.page, "two.bin", size);
  await isUnderWay(bob.page, "two.bin");
  await card(bob.page, "two.bin").button.click();
  await card(bob.page, "two.bin").says("Cancelled");
  await card(ada.page, "two.bin").says("Nobody else is here to take it");
  assertEquals([...ada.problems, ...bob.problems], []);
});

browserTest("talk page: sends files one after the other", async (context, server) => {
  const ada = await open(context, server, "ada");
  const bob = await open(context, server, "bob");
  await chooseFile(ada.page, "one.bin", 200 * 1024 * 1024);
  await isUnderWay(bob.page, "one.bin");
  await chooseFile(ada.page, "two.bin", 10);
  await chooseFile(ada.page, "empty.bin", 0);
  await card(ada.page, "two.bin").says("Waiting");
  await card(ada.page, "one.bin").button.click();
  await card(bob.page, "two.bin").says("Complete");
  await card(bob.page, "empty.bin").says("Complete");
  await card(ada.page, "empty.bin").says("Sent");
});

browserTest("talk page: says that nobody is there to take a file", async (context, server) => {
  const { page } = await open(context, server, "ada");
  await chooseFile(page, "one.bin", 10);
  await card(page, "one.bin").says("Nobody else is here to take it");
});

browserTest("talk page: breaks files off when the connection is lost", async (context, server) => {
  const ada = await open(context, server, "ada");
  const bob = await open(context, server, "bob");
  await chooseFile(ada.page, "one.bin", 200 * 1024 * 1024);
  await isUnderWay(bob.page, "one.bin");
  await server.close();
  const next = start(server.addr.port, true);
  try {
    for (const { page } of [ada, bob]) {
      await card(page, "one.bin").says("Broken off: the connection was lost");
      await page.getByText("Connected", { exact: true }).waitFor();
    }
    await ada.page.getByText(/^You are ada/).waitFor();
    await bob.page.getByText(/^You are bob/).waitFor();
    await chooseFile(ada.page, "two.bin", 10);
    await card(bob.page, "two.bin").says("Complete");
    await chooseFile(ada.page, "three.bin", 200 * 1024 * 1024);
    await isUnderWay(bob.page, "three.bin");
    await ada.page.close();
    await card(bob.page, "three.bin").says("Broken off: ada is gone");
  } finally {
    await next.close();
  }
});

browserTest("talk page: shows nothing wrong whatever comes of files", async (context, server) => {
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  const said: string[] = [];
  let peer: WebSocketRoute | undefined;
  await page.routeWebSocket("**", (socket) => {
    peer = socket;
    socket.onMessage((data) => {
      said.push(String(data));
      if (!String(data).includes('"hello"')) return;
      socket.send(JSON.stringify({
        type: "welcome",
        id: 1,
        name: "ada",
        imageBytes: 1000,
        sliceBytes: 4,
        people: 2,
        others: [],
      }));
    });
  });
  await page.goto(`http://127.0.0.1:${server.addr.port}/`);
  await page.getByText("You are ada").waitFor();
  const announce = (file: number, title: string, size: number) =>
    peer?.send(JSON.stringify({
      type: "file",
      id: 2,
      name: "mallory",
      file,
      title,
      mediaType: "<b>x/y",
      size,
      sliceBytes: 4,
      at: 0,
    }));
  const slice = (file: number, index: number, length: number, id = 2) => {
    const bytes = new Uint8Array(length);
    peer?.send(Buffer.from(frameSlice("mallory", { id, file, index, bytes })));
  };
  const end = (file: number, hash?: string) =>
    peer?.send(JSON.stringify({ type: "file-end", id: 2, file, hash }));

  announce(1, "<img src=x onerror=alert(1)>/../order", 8);
  slice(1, 1, 4);
  await card(page, "_order").says("Broken off: a part is missing");
  assertEquals(await page.locator(".file img").count(), 0);
  announce(2, "long", 8);
  slice(2, 0, 5);
  await card(page, "long").says("Broken off: a part is missing");
  announce(3, "hash", 4);
  slice(3, 0, 4);
  end(3, "0".repeat(64));
  await card(page, "hash").says("Damaged: this is not what was sent");
  assertEquals(await card(page, "hash").save.count(), 0);
  announce(4, "short", 8);
  slice(4, 0, 4);
  end(4);
  await card(page, "short").says("Damaged: this is not what was sent");
  announce(5, "unchecked", 4);
  slice(5, 0, 4);
  end(5);
  await card(page, "unchecked").says("Complete, not checked");
  // A single file may have any size, but no second one beside it then.
  announce(6, "vast", 2 ** 52);
  announce(7, "too much", 2 ** 40);
  await card(page, "vast").says("Refused");
  await card(page, "too much").says("Refused");
  for (let file = 10; file < 19; file++) announce(file, `many-${file}-x`, 1);
  await card(page, "many-17-x").says("Receiving");
  await card(page, "many-18-x").says("Refused");
  // What belongs to nothing.
  slice(99, 0, 4);
  slice(1, 2, 4, 7);
  end(99);
  for (const reason of ["lost", "__proto__", 7]) {
    peer?.send(JSON.stringify({ type: "file-stop", id: 2, file: 10, reason }));
    peer?.send(JSON.stringify({ type: "file-stop", id: 2, file: 11, reason: "__proto__" }));
  }
  peer?.send(JSON.stringify({ type: "file-more", file: 99, slices: 1 }));
  peer?.send(JSON.stringify({ type: "left", id: 2, name: "mallory" }));
  await card(page, "many-10-x").says("Broken off: a part was lost on the way");
  await card(page, "many-17-x").says("Broken off: mallory is gone");
  assertEquals(problems, []);
  // It refuses aloud, as far as that is no flood.
  assert(said.some((text) => text === '{"type":"file-stop","file":1,"of":2}'), said.join());
});

browserTest("talk page: comes back by itself when the server does", async (context, server) => {
  const { page } = await open(context, server, "ada");
  const { port } = server.addr;
  await page.locator("#connections", { hasText: "1" }).waitFor();
  assertEquals(await page.locator("#panel").getAttribute("data-stale"), null);
  await server.close();
  await page.getByText("Trying again in").waitFor();
  assertEquals(await page.locator("#panel").getAttribute("data-stale"), "");
  assert(Number(await page.evaluate("getComputedStyle(connections).opacity")) < 1);
  await say(page, "later");
  await page.getByRole("alert").filter({ hasText: "Not connected" }).waitFor();
  const next = start(port, true);
  try {
    await page.getByText("You are ada, alone so far").waitFor();
    await page.getByText("Connected", { exact: true }).waitFor();
    assertEquals(await page.locator("#notice").isVisible(), false);
    assertEquals(await page.getByRole("alert").isVisible(), false);
    await page.locator("#panel:not([data-stale])").waitFor();
  } finally {
    await next.close();
  }
});

browserTest("talk page: keeps a message that it could not send", async (context, server) => {
  const { page } = await open(context, server, "ada");
  await server.close();
  await page.getByText("Trying again in").waitFor();
  await page.getByLabel("Message", { exact: true }).fill("later");
  await page.getByLabel("Message", { exact: true }).press("Enter");
  await page.getByRole("alert").filter({ hasText: "Not connected" }).waitFor();
  assertEquals(await page.getByLabel("Message", { exact: true }).inputValue(), "later");
});

browserTest("talk page: stays away after 1008 or 4000 until asked", async (context, server) => {
  const page = await context.newPage();
  let attempts = 0;
  await page.routeWebSocket("**", (socket) => {
    const code = [1008, 4000][attempts++];
    if (code === undefined) socket.connectToServer();
    else socket.close({ code, reason: `no ${code}` });
  });
  await page.goto(`http://127.0.0.1:${server.addr.port}/`);
  for (const code of [1008, 4000]) {
    await page.getByText(`The server ended this connection: no ${code}.`).waitFor();
    // What would bring a waiting page back at once leaves this one alone.
    await page.evaluate("dispatchEvent(new Event('online'))");
    assertEquals(await page.locator("#status").textContent(), "Disconnected");
    await page.getByText("Connect again").click();
  }
  await page.getByText("You are guest-").waitFor();
  assertEquals(attempts, 3);
});
