import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import { fakeConnections } from "../helpers/fake_operations.ts";
import { dashboardTest, isLive, openOpsPort, openPage } from "../helpers/dashboard_page.ts";

const KEY = fakeConnections(1)[0]!.key;

/** The text of the cells of one column, from 1. */
function column(page: Page, number: number): Promise<string[]> {
  return page.locator(`#table tbody tr > :nth-child(${number})`).allTextContents();
}

/** Waits until the line below the table says this. */
async function atPage(page: Page, text: string): Promise<void> {
  await page.locator("#page-at", { hasText: text }).waitFor();
}

dashboardTest("the overview shows what the server holds", async ({ admin, context }) => {
  const { page, problems } = await openPage(context, admin.url);
  await isLive(page);
  const figure = (name: string) => page.locator(`#now-${name}`).textContent();
  assertEquals(await figure("connections"), "10,000");
  assertEquals(await figure("descriptors"), "10,032");
  assertEquals(await figure("descriptors-limit"), "of 20,000");
  assertEquals(await figure("memory"), "143.1 MiB");
  assertEquals(await figure("memory-each"), "8.8 KiB per connection");
  assertEquals(await figure("delay"), "0.8 ms");
  await page.locator("#now-messages-in", { hasText: "0/s" }).waitFor();
  assertMatch(await page.locator("#next").textContent() ?? "", /descriptors.*19,936 connections/s);
  assertMatch(await page.locator("#next").textContent() ?? "", /10,000 now, 50 %/);
  await page.getByText("How to raise it").click();
  await page.getByText("ulimit -n 40000").waitFor();
  assertEquals(await page.locator("canvas").count(), 5);
  assertEquals(await page.locator("#chart-connections .readout").textContent(), "10,000");
  assertMatch(await page.locator("#ends").textContent() ?? "", /connections_limit: 2/);
  assertEquals(problems, []);
}, { connections: 10_000 });

dashboardTest("the connections can be filtered, sorted and paged to the end", async (test) => {
  const { page, problems } = await openPage(test.context, test.admin.url, "/connections");
  await atPage(page, "1 to 100 · page 1 of 100");
  assertEquals(await page.locator("#table tbody tr").count(), 100);

  await page.getByRole("button", { name: "Bytes" }).click();
  await page.locator('th[data-sort="bytes"][aria-sort="descending"]').waitFor();
  await page.getByRole("button", { name: "Bytes" }).click();
  await page.locator('th[data-sort="bytes"][aria-sort="ascending"]').waitFor();
  assertEquals(test.operations.callsOf("query").at(-1)!.args, [
    { sort: "bytes", reverse: true },
  ]);

  await page.getByLabel("Source", { exact: true }).fill("127.0.3.0/24");
  await page.getByLabel("Path").fill("/chat/*");
  await page.getByLabel("Path").press("Enter");
  const { matched } = await test.operations.query({ source: "127.0.3.0/24", path: "/chat/*" });
  assert(matched > 50 && matched < 100);
  await page.locator("#matched", { hasText: `${matched} match, of 10,000 in all` }).waitFor();

  // The address has all of it, so that it can be passed on.
  await page.reload();
  await page.locator("#matched", { hasText: `${matched} match, of 10,000 in all` }).waitFor();
  assertEquals(await page.getByLabel("Path").inputValue(), "/chat/*");

  await page.getByRole("button", { name: "Clear" }).click();
  await page.locator("#filters select[name=limit]").selectOption("500");
  await atPage(page, "1 to 500 · page 1 of 20");
  const seen = new Set<string>();
  for (let at = 1; at <= 20; at++) {
    await atPage(page, `page ${at} of 20`);
    for (const source of await column(page, 2)) seen.add(source);
    if (at < 20) await page.getByRole("button", { name: "Next" }).click();
  }
  assertEquals(seen.size, 10_000);
  assertEquals(await page.getByRole("button", { name: "Next" }).isDisabled(), true);
  await page.getByRole("button", { name: "Previous" }).click();
  await atPage(page, "page 19 of 20");
  await page.getByRole("button", { name: "First" }).click();
  await atPage(page, "page 1 of 20");
  assertEquals(problems, []);
}, { connections: 10_000 });

dashboardTest("the table says what is wrong with a filter", async ({ admin, context }) => {
  const { page } = await openPage(context, admin.url, "/connections?source=nowhere");
  await page.getByRole("alert").filter({ hasText: "query.source: Cannot parse" }).waitFor();
  assertEquals(await page.getByLabel("Source", { exact: true }).inputValue(), "nowhere");
});

dashboardTest("the table refreshes by itself, until it is told not to", async (test) => {
  await test.context.clock.install();
  const { page } = await openPage(test.context, test.admin.url, "/connections");
  const matched = page.locator("#matched");
  await matched.filter({ hasText: "1,000 match" }).waitFor();
  test.operations.connections = test.operations.connections.slice(0, 700);
  await matched.filter({ hasText: "700 match" }).waitFor();
  await page.getByLabel("Refresh").uncheck();
  test.operations.connections = test.operations.connections.slice(0, 600);
  const asked = test.operations.callsOf("query").length;
  await page.clock.runFor(10_000);
  assertEquals(test.operations.callsOf("query").length, asked);
  await page.getByLabel("Refresh").check();
  await matched.filter({ hasText: "600 match" }).waitFor();
});

dashboardTest("what peers chose is shown as text, with what cannot be seen", async (test) => {
  const [first, ...others] = fakeConnections(3);
  const hostile = "/<img src=x onerror=alert(1)>\u202Egnp.exe";
  test.operations.connections = [
    { ...first!, target: hostile, subprotocol: "a\u0000</td><script>b" },
    ...others,
  ];
  const { page, problems } = await openPage(test.context, test.admin.url, "/connections");
  const shown = "/<img src=x onerror=alert(1)>\\u{202e}gnp.exe";
  await page.getByText(shown, { exact: true }).waitFor();
  assertEquals((await column(page, 5))[0], "a\\u{0}</td><script>b");
  await page.getByRole("link", { name: first!.key.split("-")[0]! }).click();
  await page.locator("#record").getByText(shown, { exact: true }).waitFor();
  assertEquals(await page.locator("main img").count(), 0);
  assertEquals(problems, []);
});

dashboardTest("closing selected connections says how many, and asks", async (test) => {
  const { page, problems } = await openPage(test.context, test.admin.url, "/connections");
  const boxes = page.getByRole("checkbox", { name: /^Select 127/ });
  for (const index of [0, 1, 2]) await boxes.nth(index).check();
  await page.getByRole("button", { name: "Close selected 3" }).click();
  const dialog = page.getByRole("dialog", { name: "Close 3 connections?" });
  await dialog.getByText(KEY).waitFor();
  assertEquals(test.operations.connections.length, 1_000);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assertEquals(test.operations.connections.length, 1_000);

  await page.getByRole("button", { name: "Close selected 3" }).click();
  await dialog.getByLabel("Reason").fill("é".repeat(62));
  await dialog.getByRole("button", { name: "Close 3 connections" }).click();
  await dialog.getByRole("alert").filter({ hasText: "124 bytes" }).waitFor();
  await dialog.getByLabel("Reason").fill("bye");
  await dialog.getByLabel("Close code").fill("4001");
  await dialog.getByRole("button", { name: "Close 3 connections" }).click();
  await page.getByText("3 connections told to close").waitFor();
  assertEquals(test.operations.connections.length, 997);
  const calls = test.operations.callsOf("close").map(({ args }) => args);
  const keys = fakeConnections(3).map(({ key }) => key);
  assertEquals(calls, [
    [{ keys }, { dryRun: true }],
    [{ keys }, { dryRun: true }],
    [{ keys }, { code: 4001, reason: "bye" }],
  ]);
  await page.locator("#matched", { hasText: "997 match" }).waitFor();
  assertEquals(problems, []);
});

dashboardTest("closing all that match tries first, and closes no others", async (test) => {
  const { page } = await openPage(test.context, test.admin.url, "/connections?path=/chat/3");
  const { matched } = await test.operations.query({ path: "/chat/3", state: "open" });
  assert(matched > 10);
  await page.getByRole("button", { name: "that match" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(`and ${matched - 10} more`).waitFor();
  await dialog.getByRole("button", { name: `Close ${matched} connections` }).click();
  await page.getByText(`${matched} connections told to close`).waitFor();
  assertEquals(test.operations.connections.length, 1_000 - matched);
  const [dry, real] = test.operations.callsOf("close").map(({ args }) => args);
  assertEquals(dry, [{ path: "/chat/3" }, { dryRun: true }]);
  assertEquals(real, [{ path: "/chat/3" }, { code: 1001 }]);
});

dashboardTest("a connection's page shows it, pings it and closes it", async (test) => {
  const { page, problems } = await openPage(
    test.context,
    test.admin.url,
    `/connection/${encodeURIComponent(KEY)}`,
  );
  await page.locator("#kernel").getByText("ESTABLISHED").waitFor();
  assertMatch(await page.locator("#kernel").textContent() ?? "", /File descriptor11/);
  assertMatch(await page.locator("#record").textContent() ?? "", /Bytes in102.3 KiB \(104,729\)/);
  await page.getByRole("button", { name: "Ping" }).click();
  await page.getByText("Pong after 1.5 ms").waitFor();
  test.operations.pingOutcome = { failure: "unanswered" };
  await page.getByRole("button", { name: "Ping" }).click();
  await page.getByText("No pong came").waitFor();

  await page.getByRole("button", { name: "Close …" }).click();
  await page.getByRole("dialog").getByLabel("Reason").fill("enough");
  await page.getByRole("button", { name: "Close it" }).click();
  await page.getByRole("alert").filter({ hasText: "This connection is over" }).waitFor();
  await page.locator("#record > div", { hasText: /^State/ }).getByText("over").waitFor();
  assertEquals(test.operations.callsOf("close")[0]!.args, [
    { key: KEY },
    { code: 1001, reason: "enough" },
  ]);
  assertEquals(await page.getByRole("button", { name: "Ping" }).isDisabled(), true);
  // The browser writes a line about the 404 itself.
  assertEquals(problems.filter((it) => !it.includes("404")), []);
});

dashboardTest("a page about no connection says so", async ({ admin, context }) => {
  const { page } = await openPage(context, admin.url, "/connection/127.0.0.1%3A1-127.0.0.1%3A2");
  await page.getByRole("alert").filter({ hasText: "There is no such connection" }).waitFor();
  await page.goto(`${admin.url}/#/connection/%zz`);
  await page.getByRole("alert").filter({ hasText: "path.key: Cannot parse" }).waitFor();
});

/** Starts the tap, and waits until the server has. */
async function startTap(page: Page): Promise<void> {
  await Promise.all([
    page.waitForResponse(/tap$/),
    page.getByRole("button", { name: "Start the tap" }).click(),
  ]);
  await page.getByRole("button", { name: "Stop the tap" }).waitFor();
}

dashboardTest("a tap shows frames, payload only when asked, and a bounded list", async (test) => {
  const { page, problems } = await openPage(
    test.context,
    test.admin.url,
    `/connection/${encodeURIComponent(KEY)}`,
  );
  const rows = page.locator("#tap-rows tr");
  await startTap(page);
  const [quiet] = test.operations.taps;
  assertEquals(quiet!.options, {});
  quiet!.pushText("secret");
  await rows.first().waitFor();
  assertMatch(await rows.first().textContent() ?? "", /→ intext6 Bfinmasked$/);

  await Promise.all([
    quiet!.cancelled,
    page.waitForResponse(/tap[?]/),
    page.getByLabel("Show payload").check(),
  ]);
  const [, open] = test.operations.taps;
  assertEquals(open!.options.payloadBytes, 256);
  open!.pushText("<b>\u202Ehi\u0007");
  await rows.first().getByText("<b>\\u{202e}hi\\u{7}", { exact: true }).waitFor();
  assertEquals(test.audit.at(-1)!.action, "tap.payload");

  for (let count = 0; count < 2_000; count++) open!.pushText(`frame ${count}`);
  open!.push({ type: "dropped", at: Date.now(), frames: 1_234 });
  await rows.first().getByText("1,234 frames were left out").waitFor();
  assertEquals(await rows.count(), 500);
  await page.getByText("2,002 frames seen, 1,234 dropped on the way").waitFor();
  open!.push({ type: "end", at: Date.now(), code: 1006, reason: "<i>\u202E", rule: "mask" });
  await rows.first().getByText("The connection is over: 1006").waitFor();
  assertMatch(await rows.first().textContent() ?? "", /“<i>\\u\{202e\}”; the rule broken: mask$/);
  await page.getByRole("button", { name: "Start the tap" }).waitFor();
  assertEquals(problems, []);
});

dashboardTest("a tap ends when its page is left", async (test) => {
  const { page } = await openPage(
    test.context,
    test.admin.url,
    `/connection/${encodeURIComponent(KEY)}`,
  );
  await startTap(page);
  await page.getByRole("link", { name: "Overview" }).click();
  await test.operations.taps[0]!.cancelled;
});

dashboardTest("a limit can be changed, and one that cannot be is explained", async (test) => {
  const { page } = await openPage(test.context, test.admin.url, "/limits");
  const row = page.locator("#limits-table tr", { hasText: "messageBytes" });
  await row.getByText("1,048,576 B").waitFor();
  await page.getByRole("button", { name: "Change messageBytes" }).click();
  await page.getByRole("dialog").getByLabel("Bytes").fill("2000000");
  await page.getByRole("button", { name: "Change it" }).click();
  await row.getByText("2,000,000 B").waitFor();
  assertEquals((await test.operations.limits()).messageBytes, 2_000_000);

  await page.getByRole("button", { name: "Change messageBytes" }).click();
  await page.getByRole("dialog").getByLabel("Bytes").fill("0");
  await page.getByRole("button", { name: "Change it" }).click();
  await page.getByRole("alert").filter({ hasText: "messageBytes" }).waitFor();

  await page.getByRole("button", { name: "Change whenFull" }).click();
  await page.getByRole("dialog").getByLabel("Policy").selectOption("drop");
  await page.getByRole("button", { name: "Change it" }).click();
  await page.locator("#limits-table tr", { hasText: "whenFull" }).getByText("drop").waitFor();

  const optional = page.locator("#limits-table tr", { hasText: "connectionsPerAddress" });
  for (const [text, shown] of [["50", "50"], ["", "off"]] as const) {
    await page.getByRole("button", { name: "Change connectionsPerAddress" }).click();
    await page.getByRole("dialog").getByLabel("Count").fill(text);
    await page.getByRole("button", { name: "Change it" }).click();
    await optional.getByText(shown, { exact: true }).waitFor();
  }
});

dashboardTest("the limits show what the host allows, and the log's level is set", async (test) => {
  const { page, problems } = await openPage(test.context, test.admin.url, "/limits");
  const row = page.locator("#capacity tbody tr").first();
  await row.getByText("19,936").waitFor();
  await row.getByText("Commands").click();
  await row.getByText("ulimit -n 40000").waitFor();
  await page.getByLabel("Level").selectOption("debug");
  await page.getByText("The log tells debug").waitFor();
  assertEquals(test.level, "debug");
  assertEquals(problems, []);
});

dashboardTest("the workers are listed, each with its figures", async (test) => {
  test.operations.connections = test.operations.connections.map((it, index) => ({
    ...it,
    worker: index < 400 ? 1 : 2,
  }));
  const { page } = await openPage(test.context, test.admin.url, "/workers");
  const rows = page.locator("#processes tbody tr");
  await rows.nth(1).waitFor();
  assertMatch(await rows.nth(0).textContent() ?? "", /^worker 14322.*432 of 20,000/);
  assertMatch(await rows.nth(1).textContent() ?? "", /^worker 24323.*632 of 20,000/);
  await page.getByText("The process that starts the workers is 4320").waitFor();
  await page.getByRole("link", { name: "Connections" }).click();
  await page.getByRole("columnheader", { name: "Worker" }).waitFor();
  await page.getByLabel("Worker").fill("2");
  await page.getByRole("button", { name: "Filter" }).click();
  await page.locator("#matched", { hasText: "600 match" }).waitFor();
});

dashboardTest("draining asks for a word, and shows how far it is", async (test) => {
  const { page } = await openPage(test.context, test.admin.url, "/drain");
  await page.getByLabel("Deadline").fill("60");
  await page.getByRole("button", { name: "Drain …" }).click();
  const dialog = page.getByRole("dialog", { name: "Drain the server?" });
  await dialog.getByText("1,000 connections will be told to go").waitFor();
  await dialog.getByLabel("Type").fill("yes");
  await dialog.getByRole("button", { name: "Drain" }).click();
  await dialog.getByRole("alert").filter({ hasText: "Type “drain”" }).waitFor();
  assertEquals(test.operations.phase, "serving");
  await dialog.getByLabel("Type").fill("drain");
  await dialog.getByRole("button", { name: "Drain" }).click();
  await page.getByText("1,000 connections of 1,000 left").waitFor();
  assertEquals(test.operations.callsOf("drain")[0]!.args, [{ deadline: 60_000 }]);
  await page.locator("#phase", { hasText: "draining" }).waitFor();
  test.operations.connections = test.operations.connections.slice(0, 250);
  await page.getByText("250 connections of 1,000 left").waitFor();
  assertEquals(await page.evaluate("document.querySelector('#drain-bar').position"), 0.75);
  test.operations.endDrain();
  await page.getByText("Drained: 250 connections closed, 0 connections cut").waitFor();
});

dashboardTest(
  "a token is asked for, and kept until the tab is closed",
  async ({ admin, context }) => {
    const { page } = await openPage(context, admin.url);
    const dialog = page.getByRole("dialog", { name: "This ops port needs a token" });
    await dialog.getByLabel("Token").fill("wrong");
    await page.keyboard.press("Enter");
    await dialog.getByText("That one was not right.").waitFor();
    await dialog.getByLabel("Token").fill("open-sesame");
    await page.keyboard.press("Enter");
    await isLive(page);
    await page.reload();
    await isLive(page);
    assertEquals(await page.locator("#now-connections").textContent(), "1,000");
    assertEquals(await page.evaluate("localStorage.length + document.cookie.length"), 0);
  },
  { token: "open-sesame" },
);

dashboardTest("who gives no token is asked again only on demand", async ({ admin, context }) => {
  const { page } = await openPage(context, admin.url, "/connections");
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await page.getByText("Stopped: This ops port needs a token.").waitFor();
  await page.getByRole("link", { name: "Limits" }).click();
  await page.getByRole("alert").filter({ hasText: "token" }).waitFor();
  assertEquals(await page.getByRole("dialog").count(), 0);
  await page.getByRole("button", { name: "Try now" }).click();
  await page.getByRole("dialog").getByLabel("Token").fill("open-sesame");
  await page.keyboard.press("Enter");
  await isLive(page);
}, { token: "open-sesame" });

dashboardTest("a lost server is said to be lost, and the page comes back with it", async (test) => {
  const { page } = await openPage(test.context, test.admin.url);
  await isLive(page);
  const { port } = test.admin.addr;
  await test.admin.close();
  await page.getByText(/^Not connected: /).waitFor();
  await page.getByText(/The figures are \d+ s old/).waitFor();
  assertEquals(await page.locator("main").getAttribute("data-stale"), "");
  assertEquals(await page.locator("#now-connections").textContent(), "1,000");
  const next = openOpsPort(test.operations, { port });
  try {
    await page.getByRole("button", { name: "Try now" }).click({ timeout: 2_000 }).catch(() => {
      // It came back by itself before.
    });
    await isLive(page);
    await page.locator("main:not([data-stale])").waitFor();
    assertEquals(await page.locator("#notice").isVisible(), false);
  } finally {
    await next.admin.close();
  }
});

dashboardTest("everything can be done by keyboard", async (test) => {
  const { page } = await openPage(test.context, test.admin.url);
  await isLive(page);
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const focused = () =>
    page.evaluate("document.activeElement.id || document.activeElement.textContent");
  await press("Tab");
  assertEquals(await focused(), "skip");
  await press("Enter");
  assertEquals(await focused(), "main");
  assertEquals(await page.evaluate("location.hash"), "#/");
  await press("Shift+Tab", "Shift+Tab", "Shift+Tab", "Shift+Tab");
  assertEquals(await focused(), "Connections");
  await press("Enter");
  await atPage(page, "page 1 of 10");
  // A new view is read from its head on.
  assertEquals(await focused(), "title");
  await page.getByLabel("Select all rows").focus();
  await press("Tab", "Enter");
  await page.locator('th[data-sort="age"][aria-sort="ascending"]').waitFor();
  assertEquals(await focused(), "Age");

  await page.getByRole("button", { name: "Next" }).focus();
  for (let at = 2; at <= 10; at++) {
    await press("Enter");
    await atPage(page, `page ${at} of 10`);
  }
  assertEquals(await focused(), "previous");
  // The figures that come do not take the focus away.
  for (let count = 0; count < 2; count++) await page.waitForResponse(/connections[?]/);
  assertEquals(await focused(), "previous");

  await page.getByRole("checkbox", { name: /^Select 127/ }).nth(1).focus();
  await press("Space");
  await page.getByRole("button", { name: "Close selected 1" }).focus();
  await press("Enter");
  await page.getByRole("dialog").waitFor();
  const inside = "document.activeElement.closest('dialog') !== null || " +
    "document.activeElement === document.body";
  for (let count = 0; count < 8; count++) {
    await press("Tab");
    assertEquals(await page.evaluate(inside), true);
  }
  await press("Escape");
  assertEquals(await focused(), "kick-selected");

  await page.locator("#table tbody a").first().focus();
  await press("Enter");
  await page.locator("#kernel").getByText("ESTABLISHED").waitFor();
});

for (const view of ["/", "/connections", `/connection/${KEY}`, "/limits", "/workers", "/drain"]) {
  dashboardTest(`${view} fits a screen of 360 pixels`, async ({ admin, context }) => {
    const { page } = await openPage(context, admin.url, view);
    await isLive(page);
    assertEquals(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), true);
  }, { browser: { viewport: { width: 360, height: 740 } } });
}

dashboardTest("tiles and buttons are not cut at 1280 pixels", async ({ admin, context }) => {
  const { page } = await openPage(context, admin.url);
  await isLive(page);
  await page.getByText("each: from 100 on").waitFor();
  const cut = await page.locator(".tiles dd").evaluateAll((all) =>
    all.filter((it) => it.scrollWidth > it.clientWidth).map((it) => it.textContent)
  );
  assertEquals(cut, []);
  await page.goto(`${admin.url}/#/limits`);
  const summary = page.locator("#capacity summary").first();
  await summary.waitFor();
  const { height } = (await summary.boundingBox())!;
  assertEquals(height < 30, true, `"Commands" is ${height} pixels high`);
}, { connections: 10, browser: { viewport: { width: 1280, height: 800 } } });

for (const colorScheme of ["light", "dark"] as const) {
  dashboardTest(`the colors of the ${colorScheme} theme can be read`, async (test) => {
    const { page } = await openPage(test.context, test.admin.url);
    await isLive(page);
    const names = [
      "surface",
      "ground",
      "sunk",
      "ink",
      "quiet",
      "accent",
      "fault",
      "one",
      "two",
      "three",
      "mark",
      "warn",
      "warn-ink",
    ];
    const values = await page.evaluate(`${JSON.stringify(names)}.map((name) =>
      getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim())`) as string[];
    const color = Object.fromEntries(names.map((name, index) => [name, values[index]!]));
    for (const ground of ["surface", "ground", "sunk"]) {
      for (const text of ["ink", "quiet", "accent", "fault"]) {
        assert(contrast(color[text]!, color[ground]!) >= 4.5, `${text} on ${ground}`);
      }
    }
    // Lines of charts are graphics (WCAG 1.4.11); the mark has a text.
    for (const line of ["one", "two", "three"]) {
      assert(contrast(color[line]!, color.surface!) >= 3, line);
    }
    assert(contrast(color.mark!, color.surface!) >= 4.5);
    assert(contrast(color["warn-ink"]!, color.warn!) >= 4.5);
  }, { browser: { colorScheme } });
}

/** The contrast of two colors, `#rrggbb` (WCAG 2.2, "contrast ratio"). */
function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light! + 0.05) / (dark! + 0.05);
}

function luminance(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
