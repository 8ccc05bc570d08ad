import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import type { Server } from "../../mod.ts";
import { talk, type TalkData } from "../../server/apps/talk.ts";

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
        await body(await browser.newContext(), server);
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
  await ada.page.waitForFunction("document.querySelector('.picture img').naturalWidth === 1");

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

browserTest("talk page: names what is wrong with a nickname or a file", async (context, server) => {
  const { page } = await open(context, server, "ada");
  const fault = page.getByRole("alert");
  await page.getByLabel("Nickname").fill("a\u202Eb");
  await page.getByLabel("Nickname").press("Enter");
  await fault.filter({ hasText: "Nickname holds a control" }).waitFor();
  assertEquals(await page.getByLabel("Nickname").inputValue(), "ada");
  await page.setInputFiles("#file", {
    name: "notes.png",
    mimeType: "image/png",
    buffer: Buffer.from("no image at all"),
  });
  await fault.filter({ hasText: "notes.png is not a PNG" }).waitFor();
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

browserTest("talk page: shrinks a dropped photo over the limit", async (context, server) => {
  const { page, problems } = await open(context, server, "ada");
  // Noise does not compress: 2000 by 1000 pixels are 6 MB as a PNG.
  await page.evaluate(`(async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 2000, height: 1000 });
    const context = canvas.getContext("2d");
    const noise = context.createImageData(2000, 1000);
    for (let at = 0; at < noise.data.length; at += 65536) {
      crypto.getRandomValues(noise.data.subarray(at, at + 65536));
    }
    for (let at = 3; at < noise.data.length; at += 4) noise.data[at] = 255;
    context.putImageData(noise, 0, 0);
    const photo = await new Promise((resolve) => canvas.toBlob(resolve));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([photo], "photo.png", { type: "image/png" }));
    dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
  })()`);
  await page.getByAltText("Image from ada").waitFor();
  await page.waitForFunction("document.querySelector('.picture img').naturalWidth > 400");
  assertEquals(problems, []);
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

browserTest("talk page: comes back by itself when the server does", async (context, server) => {
  const { page } = await open(context, server, "ada");
  const { port } = server.addr;
  await server.close();
  await page.getByText("Trying again in").waitFor();
  const next = start(port, true);
  try {
    await page.getByText("You are ada, alone so far").waitFor();
    await page.getByText("Connected", { exact: true }).waitFor();
    assertEquals(await page.locator("#notice").isVisible(), false);
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
