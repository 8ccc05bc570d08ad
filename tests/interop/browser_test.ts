import { assertEquals } from "@std/assert";
import { type Browser, chromium } from "playwright-core";
import { serve } from "../../mod.ts";
import { findChromium } from "../helpers/programs.ts";
import { DEADLINE, within } from "./child.ts";
import { type Played, type Script, testClient } from "./play.ts";

const program = await findChromium();
const missing = "missing" in program ? program.missing : undefined;

/** Chromium, without what it does besides: it must not look for anything beyond this machine. */
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

testClient({
  name: "Chromium's WebSocket",
  skills: ["BOM"],
  missing,
  play: (groups) => withBrowser((browser) => playWithPages(browser, groups)),
});

/** Plays each group in a page of the server that it is for. */
async function playWithPages(browser: Browser, groups: Script[][]): Promise<Played> {
  const page = await browser.newPage();
  const results: string[][][] = [];
  for (const group of groups) {
    const { origin } = new URL(group[0]?.url.replace("ws:", "http:") ?? "");
    if (!page.url().startsWith(origin)) await page.goto(origin);
    results.push(
      await page.evaluate(`import("/run_case.js").then(({ runCase }) => Promise.all(
        ${JSON.stringify(group)}.map((script) => runCase(WebSocket, script)),
      ))`),
    );
  }
  return { results, remarks: "" };
}

browserTest("is refused in a page of another origin, or of none", async (browser) => {
  await using server = serve({ port: 0, fetch: page });
  await using other = serve({ port: 0, fetch: page });
  const tab = await browser.newPage();
  const connect = (): Promise<string> =>
    tab.evaluate(`new Promise((resolve) => {
      const socket = new WebSocket("${server.url.replace("http:", "ws:")}");
      socket.onopen = () => socket.close();
      socket.onclose = ({ code }) => resolve(code);
    })`);
  const codes = [];
  for (const url of [server.url, other.url, `${server.url}sandbox`]) {
    await tab.goto(url);
    codes.push(await connect());
  }
  assertEquals(codes, [1005, 1006, 1006]);
  assertEquals(server.registry.totals().refused, { ORIGIN_REFUSED: 2 });
});

/** An empty page; one in a sandbox has no origin, and its requests say `Origin: null`. */
function page({ url }: Request): Response {
  const headers: HeadersInit = new URL(url).pathname === "/sandbox"
    ? { "content-security-policy": "sandbox allow-scripts" }
    : {};
  return new Response("<!doctype html>", { headers: { "content-type": "text/html", ...headers } });
}

/** Registers a test in a real browser; where there is none it shows as ignored, and why. */
function browserTest(name: string, body: (browser: Browser) => Promise<void>): void {
  Deno.test({
    name: `interop: Chromium ${name}${missing === undefined ? "" : ` (ignored: ${missing})`}`,
    ignore: missing !== undefined,
    fn: () => withBrowser(body),
  });
}

/** Lends a browser, which is closed whatever happens; what still goes on in it then fails. */
async function withBrowser<T>(body: (browser: Browser) => Promise<T>): Promise<T> {
  const executablePath = "command" in program ? program.command : "";
  const browser = await chromium.launch({ executablePath, args: ARGS });
  try {
    const { value } = await within(DEADLINE, body(browser), () => browser.close());
    return value;
  } finally {
    await browser.close();
  }
}
