import {
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { type Admin, startAdmin } from "../../server/admin/admin.ts";
import type { AuditEntry } from "../../server/admin/audit.ts";
import type { LogLevelControl } from "../../server/admin/server_endpoints.ts";
import type { Operations } from "../../server/operations/operations.ts";
import { fakeConnections, FakeOperations } from "./fake_operations.ts";
import { findChromium } from "./programs.ts";

const found = await findChromium();

/** How long a page may take to show something, in milliseconds: a machine can be very busy. */
const MAX_WAIT = 120_000;

/** An ops port with what it has written down. */
export interface OpsPort {
  readonly admin: Admin;
  /** What was done and refused. */
  readonly audit: AuditEntry[];
  /** The level of its log. */
  level: ReturnType<LogLevelControl["get"]>;
}

/** What a test of the dashboard has. */
export interface DashboardTest extends OpsPort {
  readonly operations: FakeOperations;
  readonly context: BrowserContext;
}

/** Opens an ops port on loopback. */
export function openOpsPort(
  operations: Operations,
  options: { token?: string; port?: number } = {},
): OpsPort {
  const audit: AuditEntry[] = [];
  const { port = 0, token } = options;
  const opsPort: OpsPort = {
    audit,
    level: "info",
    admin: startAdmin({
      hostname: "127.0.0.1",
      port,
      ...token !== undefined && { token },
      operations,
      log: () => {},
      audit: (entry) => audit.push(entry),
      logLevel: { get: () => opsPort.level, set: (level) => void (opsPort.level = level) },
      version: "0.0.0",
    }),
  };
  return opsPort;
}

/** Runs something with a real browser. */
export async function withBrowser(
  options: BrowserContextOptions,
  body: (context: BrowserContext) => Promise<void>,
): Promise<void> {
  if ("missing" in found) throw new Error(`This test ${found.missing}`);
  const browser = await chromium.launch({
    executablePath: found.command,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  try {
    const context = await browser.newContext({
      viewport: { width: 1400, height: 900 },
      ...options,
    });
    context.setDefaultTimeout(MAX_WAIT);
    await body(context);
  } finally {
    await browser.close();
  }
}

/** Registers a test that needs a browser; where there is none it shows as ignored, and why. */
export function browserTest(name: string, fn: () => Promise<void>): void {
  const ignore = "missing" in found;
  Deno.test({ name: ignore ? `${name} (ignored: ${found.missing})` : name, ignore, fn });
}

/** Registers a test of the page over connections that are made up, 1,000 unless it says otherwise. */
export function dashboardTest(
  name: string,
  body: (test: DashboardTest) => Promise<void>,
  options: { connections?: number; token?: string; browser?: BrowserContextOptions } = {},
): void {
  const { connections = 1_000, token, browser = {} } = options;
  browserTest(`dashboard: ${name}`, async () => {
    const operations = liveFake(connections);
    const opsPort = openOpsPort(operations, token === undefined ? {} : { token });
    try {
      await withBrowser(
        browser,
        (context) => body(Object.assign(opsPort, { operations, context })),
      );
    } finally {
      await opsPort.admin.close();
    }
  });
}

/** Makes connections up whose clock goes on. */
function liveFake(connections: number): FakeOperations {
  const operations = new FakeOperations(fakeConnections(connections));
  return Object.defineProperty(operations, "now", { get: () => Date.now() });
}

/**
 * Opens a view of the page.
 *
 * @param context The browser's.
 * @param url The ops port's.
 * @param hash The view's address, behind the `#`.
 * @returns The page, and the errors on its console, of which a breach of its policy is one, with the
 * requests that went to another host.
 */
export async function openPage(
  context: BrowserContext,
  url: string,
  hash = "/",
): Promise<{ page: Page; problems: string[] }> {
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith(url)) problems.push(`Request to ${request.url()}`);
  });
  await page.goto(`${url}/#${hash}`);
  return { page, problems };
}

/** Waits until the page is connected. */
export async function isLive(page: Page): Promise<void> {
  await page.locator("#status", { hasText: /^Live$/ }).waitFor();
}
