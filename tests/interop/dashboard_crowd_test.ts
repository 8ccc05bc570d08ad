import { assert, assertEquals } from "@std/assert";
import { type Connection, serve } from "../../mod.ts";
import {
  browserTest,
  isLive,
  openOpsPort,
  openPage,
  withBrowser,
} from "../helpers/dashboard_page.ts";
import { Process } from "../helpers/process.ts";

const CONNECTIONS = 10_000;
const SENDERS = 100;

const CROWD = new URL("../helpers/crowd_program.ts", import.meta.url).pathname;

browserTest("dashboard: shows and handles 10,000 live connections", async () => {
  await using server = serve({
    hostname: "127.0.0.1",
    port: 0,
    log: () => {},
    // On a busy machine the crowd answers late, and only what this test closes shall be gone.
    limits: { missedPings: 1_000 },
    message: (connection: Connection, data) => void connection.send(data),
  });
  const { admin } = openOpsPort(server.operations);
  await using _ = admin;
  const { port } = server.addr;
  await using crowd = new Process(Deno.execPath(), [
    "run",
    "--allow-all",
    CROWD,
    ...[port, CONNECTIONS, SENDERS].map(String),
  ]);
  await crowd.outLine("ready");

  await withBrowser({}, async (context) => {
    const { page, problems } = await openPage(context, admin.url);
    await isLive(page);
    await page.locator("#now-connections", { hasText: "10,000" }).waitFor();
    // Those that send do so five times a second, and get all of it back.
    await page.locator("#now-messages-in", { hasText: /^[1-9]/ }).waitFor();
    await page.locator("#now-messages-out", { hasText: /^[1-9]/ }).waitFor();
    const { descriptors } = await server.report();
    const shown = await page.locator("#now-descriptors").textContent() ?? "";
    assert(Math.abs(Number(shown.replaceAll(",", "")) - descriptors!.open!) < 50, shown);
    await page.locator("#next .limit-name", { hasText: "descriptors" }).waitFor();

    await page.getByRole("link", { name: "Connections" }).click();
    await page.locator("#matched", { hasText: "10,000 match, of 10,000 in all" }).waitFor();
    await page.locator("#filters select[name=limit]").selectOption("500");
    const seen = new Set<string>();
    for (let at = 1; at <= 20; at++) {
      await page.locator("#page-at", { hasText: `page ${at} of 20` }).waitFor();
      const rows = page.locator("#table tbody tr > :nth-child(2)");
      for (const source of await rows.allTextContents()) seen.add(source);
      if (at < 20) await page.getByRole("button", { name: "Next" }).click();
    }
    assertEquals(seen.size, CONNECTIONS);

    await page.getByLabel("Path").fill("/room/1");
    await page.getByRole("button", { name: "Filter" }).click();
    await page.locator("#matched", { hasText: "2,500 match, of 10,000 in all" }).waitFor();
    await page.getByRole("button", { name: "Rate" }).click();
    await page.locator('th[data-sort="rate"][aria-sort="descending"]').waitFor();
    await page.locator("#table tbody tr").first().getByText("B/s").waitFor();

    await page.locator("#table tbody a").first().click();
    await page.locator("#kernel").getByText("ESTABLISHED").waitFor();
    await page.getByRole("button", { name: "Ping" }).click();
    await page.getByText(/^Pong after/).waitFor();
    await page.getByLabel("Show payload").check();
    await page.getByRole("button", { name: "Start the tap" }).click();
    const rows = page.locator("#tap-rows");
    await rows.locator('[data-direction="in"]', { hasText: "hello from the crowd" }).first()
      .waitFor();
    await rows.locator('[data-direction="out"]', { hasText: "hello from the crowd" }).first()
      .waitFor();
    await page.getByRole("button", { name: "Close …" }).click();
    await page.getByLabel("Reason").fill("enough");
    await page.getByRole("button", { name: "Close it" }).click();
    await rows.getByText("The connection is over: 1001").waitFor();
    await page.getByRole("alert").filter({ hasText: "This connection is over" }).waitFor();

    await page.goto(`${admin.url}/#/connections?path=/room/2`);
    await page.getByRole("button", { name: "Close all 2,500 that match" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Close 2,500 connections" }).click();
    await page.getByText("2,500 connections told to close").waitFor();
    await page.locator("#matched", { hasText: "0 match, of 7,499 in all" }).waitFor();
    assertEquals(server.registry.size, 7_499);
    assertEquals(problems.filter((it) => !it.includes("404")), []);
  });
});
