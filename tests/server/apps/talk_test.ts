import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Server } from "../../../mod.ts";
import { talk, type TalkData } from "../../../server/apps/talk.ts";
import { WINDOW_MESSAGES } from "../../../server/apps/talk_flood.ts";
import { frameImage } from "../../../server/apps/talk_messages.ts";
import { frameSlice } from "../../../server/apps/talk_slices.ts";
import { Tab, type TabMessage } from "../../helpers/talk_tab.ts";

/** Runs the app on a free port, and ends it. */
async function withTalk(
  body: (server: Server<TalkData>) => Promise<void>,
  options: { figures?: boolean; limits?: { messageBytes: number } } = {},
): Promise<void> {
  const server = talk({
    hostname: "127.0.0.1",
    port: 0,
    figures: false,
    log: () => {},
    ...options,
  });
  try {
    await body(server);
  } finally {
    await server.close();
  }
}

Deno.test("talk() serves the page and its policy, and nothing else", () =>
  withTalk(async (server) => {
    const page = await fetch(`http://127.0.0.1:${server.addr.port}/`);
    assertEquals(page.status, 200);
    assertStringIncludes(page.headers.get("content-security-policy") ?? "", "default-src 'none'");
    assertStringIncludes(await page.text(), "<title>Fourtuple talk</title>");
    const missing = await fetch(`http://127.0.0.1:${server.addr.port}/etc/passwd`);
    assertEquals(missing.status, 404);
    await missing.body?.cancel();
  }));

Deno.test("talk() answers 304 when the browser has the file already", () =>
  withTalk(async (server) => {
    const url = `http://127.0.0.1:${server.addr.port}/talk.css`;
    const first = await fetch(url);
    await first.body?.cancel();
    const again = await fetch(url, {
      headers: { "if-none-match": first.headers.get("etag") ?? "" },
    });
    assertEquals([again.status, await again.text()], [304, ""]);
  }));

Deno.test("talk() relays text to everybody, the sender included", () =>
  withTalk(async (server) => {
    await using ada = await Tab.enter(server, "ada");
    await using bob = await Tab.enter(server, "bob");
    assertEquals(await ada.next(), { type: "joined", id: 2, name: "bob" });
    await ada.send({ type: "text", text: "<b>hello</b>" });
    for (const tab of [ada, bob]) {
      const { at, ...message } = await tab.next();
      assertEquals(message, { type: "text", id: 1, name: "ada", text: "<b>hello</b>" });
      assertEquals(typeof at, "number");
    }
  }));

Deno.test("talk() tells the others when somebody leaves", () =>
  withTalk(async (server) => {
    await using ada = await Tab.enter(server, "ada");
    {
      await using _bob = await Tab.enter(server, "bob");
      assertEquals(await ada.next(), { type: "joined", id: 2, name: "bob" });
    }
    assertEquals(await ada.next(), { type: "left", id: 2, name: "bob" });
  }));

Deno.test("talk() welcomes a newcomer with the limit and the names of the others", () =>
  withTalk(async (server) => {
    await using _ada = await Tab.enter(server, "ada");
    await using bob = new Tab(server);
    await bob.send({ type: "hello", name: "bob" });
    assertEquals(await bob.next(), {
      type: "welcome",
      id: 2,
      name: "bob",
      imageBytes: 1024 * 1024,
      sliceBytes: 256 * 1024,
      people: 2,
      others: ["ada"],
    });
  }));

Deno.test("talk() puts the nickname that the server knows in front of an image", () =>
  withTalk(async (server) => {
    await using ada = await Tab.enter(server, "ada");
    await using mallory = await Tab.enter(server, "mallory");
    assertEquals((await ada.next()).type, "joined");
    const image = Uint8Array.of(0x89, 0x50, 0x4e, 0x47);
    await mallory.send(new Uint8Array(frameImage("ada", image)));
    assertEquals(await ada.nextImage(), frameImage("mallory", image));
    assertEquals(await mallory.nextImage(), frameImage("mallory", image));
  }));

Deno.test("talk() gives no two people the same nickname", () =>
  withTalk(async (server) => {
    await using ada = await Tab.enter(server, "ada");
    await using other = new Tab(server);
    await other.send({ type: "hello", name: "Ada" });
    assertEquals((await other.next()).name, "Ada-2");
    assertEquals(await ada.next(), { type: "joined", id: 2, name: "Ada-2" });
    await using third = new Tab(server);
    await third.send({ type: "hello", name: "a\u2009d  a" });
    assertEquals((await third.next()).name, "a\u2009d  a-3");
  }));

Deno.test("talk() renames, and frees the old nickname", () =>
  withTalk(async (server) => {
    await using ada = await Tab.enter(server, "ada");
    await ada.send({ type: "hello", name: "grace" });
    assertEquals(await ada.next(), { type: "renamed", id: 1, name: "grace", was: "ada" });
    await ada.send({ type: "hello", name: "GRACE" });
    assertEquals(await ada.next(), { type: "renamed", id: 1, name: "GRACE", was: "grace" });
    await using other = new Tab(server);
    await other.send({ type: "hello", name: "ada" });
    assertEquals((await other.next()).name, "ada");
  }));

Deno.test("talk() frees the nickname of somebody who has left", () =>
  withTalk(async (server) => {
    await using witness = await Tab.enter(server, "witness");
    {
      await using _first = await Tab.enter(server, "ada");
      assertEquals((await witness.next()).type, "joined");
    }
    assertEquals((await witness.next()).type, "left");
    await using second = new Tab(server);
    await second.send({ type: "hello", name: "ada" });
    assertEquals((await second.next()).name, "ada");
  }));

Deno.test("talk() names the fault of a wrong message, and the connection lives", () =>
  withTalk(async (server) => {
    await using ada = await Tab.enter(server, "ada");
    const wrong: [message: string | Uint8Array<ArrayBuffer>, fault: string][] = [
      ["{", "Message is not JSON"],
      ['{"type":"file","file":-1}', "File number must be an integer from 0 to 4294967295"],
      [
        JSON.stringify({ type: "hello", name: "a".repeat(256) }),
        "Nickname must be <= 255 bytes in UTF-8: received 256 bytes",
      ],
      [Uint8Array.of(9, 1), "Image message must hold 9 bytes of nickname: received 1 bytes"],
      [
        new Uint8Array(frameImage("ada", new Uint8Array(1025))),
        "Image must be <= 1024 bytes: received 1025 bytes",
      ],
    ];
    for (const [message, fault] of wrong) {
      await ada.send(message);
      assertEquals(await ada.next(), { type: "error", fault });
    }
    await ada.send({ type: "text", text: "still here" });
    assertEquals((await ada.next()).text, "still here");
  }, { limits: { messageBytes: 2048 } }));

Deno.test("talk() passes on an image of exactly the limit, and answers to larger ones", () =>
  withTalk(async (server) => {
    await using ada = await Tab.enter(server, "ada");
    const limit = 1024 * 1024;
    for (const bytes of [limit + 1, 2_000_000]) {
      await ada.send(new Uint8Array(frameImage("ada", new Uint8Array(bytes))));
      assertEquals(await ada.next(), {
        type: "error",
        fault: `Image must be <= ${limit} bytes: received ${bytes} bytes`,
      });
    }
    await ada.send(new Uint8Array(frameImage("ada", new Uint8Array(limit))));
    assertEquals((await ada.nextImage()).length, 1 + 3 + limit);
  }));

Deno.test("talk() closes with 1009 above its message limit of 4 MiB", () =>
  withTalk(async (server) => {
    const tab = new Tab(server);
    await tab.send(new Uint8Array(4 * 1024 * 1024 + 1));
    assertEquals(await tab.closeCode(), 1009);
  }));

Deno.test("talk() has an image limit that makes sense under any message limit", async () => {
  for (const [messageBytes, imageBytes] of [[40, 20], [41, 20], [3_000_000, 1_048_576]] as const) {
    await withTalk(async (server) => {
      await using tab = new Tab(server);
      await tab.send({ type: "hello", name: "a" });
      assertEquals((await tab.next()).imageBytes, imageBytes);
    }, { limits: { messageBytes } });
  }
  await withTalk(async (server) => {
    await using tab = new Tab(server);
    await tab.send(Uint8Array.of(1, 97, 1, 2, 3));
    assertEquals((await tab.next()).fault, "Image must be <= 2 bytes: received 3 bytes");
  }, { limits: { messageBytes: 5 } });
});

Deno.test("talk() lets somebody enter whose first nickname was refused", () =>
  withTalk(async (server) => {
    await using tab = new Tab(server);
    await tab.send({ type: "hello", name: "\u202Eada" });
    assertEquals(await tab.next(), {
      type: "error",
      fault: "Nickname holds a control, direction or invisible character",
    });
    await tab.send({ type: "hello", name: "ada" });
    assertEquals((await tab.next()).name, "ada");
  }));

Deno.test("talk() gives a nickname to whoever speaks before saying hello", () =>
  withTalk(async (server) => {
    await using tab = new Tab(server);
    await tab.send({ type: "text", text: "hi" });
    const welcome = await tab.next();
    assertEquals([welcome.type, welcome.name], ["welcome", "guest-1"]);
    assertEquals(await tab.next(), { type: "joined", id: 1, name: "guest-1" });
    const text = await tab.next();
    assertEquals([text.name, text.text], ["guest-1", "hi"]);
  }));

Deno.test("talk() stops passing on a flood, and says so once in a window", () =>
  withTalk(async (server) => {
    await using ada = await Tab.enter(server, "ada");
    for (let count = 0; count < 200; count++) await ada.send({ type: "text", text: `${count}` });
    let relayed = 0;
    let message = await ada.next();
    for (; message.type === "text"; message = await ada.next()) relayed++;
    assert(relayed < 10 * WINDOW_MESSAGES);
    assertEquals(message, {
      type: "error",
      fault: "Too many messages: no more than 20 in 2 s are passed on",
    });
  }));

Deno.test("talk() passes a file on beside what is said, and never counts what it asks for", () =>
  withTalk(async (server) => {
    await using ada = await Tab.enter(server, "ada");
    await using bob = await Tab.enter(server, "bob");
    assertEquals((await ada.next()).type, "joined");
    const sliceBytes = 256 * 1024;
    const count = WINDOW_MESSAGES + 10;
    const size = count * sliceBytes - 1;
    await ada.send({ type: "file", file: 7, title: "a.bin", mediaType: "", size });
    const { at: _, ...announced } = await bob.next();
    const file = { type: "file", id: 1, file: 7, title: "a.bin", mediaType: "", size };
    assertEquals(announced, { ...file, name: "ada", sliceBytes });
    let sent = 0;
    while (sent < count) {
      const { type, slices } = await ada.next();
      assertEquals(type, "file-more");
      for (; sent < Number(slices); sent++) {
        const bytes = new Uint8Array(sent === count - 1 ? sliceBytes - 1 : sliceBytes).fill(sent);
        // The nickname and the person are the server's word, whatever a page says.
        await ada.send(frameSlice("mallory", { id: 2, file: 7, index: sent, bytes }));
        assertEquals(
          await bob.nextImage(),
          frameSlice("ada", { id: 1, file: 7, index: sent, bytes }),
        );
      }
    }
    await ada.send({ type: "text", text: "that was it" });
    await ada.send({ type: "file-end", file: 7 });
    assertEquals((await bob.next()).text, "that was it");
    assertEquals(await bob.next(), { type: "file-end", id: 1, file: 7 });
    assertEquals((await ada.next()).text, "that was it");
  }));

Deno.test("talk() counts slices that nobody asked for, and passes none on", () =>
  withTalk(async (server) => {
    await using ada = await Tab.enter(server, "ada");
    await using bob = await Tab.enter(server, "bob");
    assertEquals((await ada.next()).type, "joined");
    const slice = frameSlice("ada", { id: 1, file: 7, index: 0, bytes: new Uint8Array(9) });
    for (let count = 0; count < WINDOW_MESSAGES + 5; count++) await ada.send(slice);
    assertEquals(await ada.next(), {
      type: "error",
      fault: "Too many messages: no more than 20 in 2 s are passed on",
    });
    await bob.send({ type: "text", text: "quiet here" });
    assertEquals((await bob.take() as TabMessage).text, "quiet here");
  }));

Deno.test("talk() tells the receivers of a file when its sender leaves", () =>
  withTalk(async (server) => {
    await using bob = await Tab.enter(server, "bob");
    {
      await using ada = await Tab.enter(server, "ada");
      await ada.send({ type: "file", file: 7, title: "a.bin", mediaType: "", size: 9 });
      assertEquals((await bob.next()).type, "joined");
      assertEquals((await bob.next()).type, "file");
    }
    assertEquals(await bob.next(), { type: "file-stop", id: 2, file: 7, reason: "left" });
  }));

Deno.test("talk() tells each person its own 4-tuple and descriptor", () =>
  withTalk(async (server) => {
    await using tab = new Tab(server);
    await tab.send({ type: "hello", name: "ada" });
    const { you } = await tab.next() as { you: { tuple: string; descriptor?: number } };
    const described = await server.registry.describe(you.tuple);
    assertEquals(you.descriptor, described?.kernel?.descriptor);
    if (Deno.build.os === "linux") assertEquals(typeof you.descriptor, "number");
    assert(you.tuple.endsWith(`-127.0.0.1:${server.addr.port}`));
  }, { figures: true }));

Deno.test("talk() sends the totals to the people here, and nothing about anybody", () =>
  withTalk(async (server) => {
    await using tab = new Tab(server);
    await tab.send({ type: "hello", name: "ada" });
    let message: TabMessage | Uint8Array;
    do message = await tab.take(); while (
      message instanceof Uint8Array || message.type !== "figures"
    );
    const { descriptors: _, ...totals } = message;
    assertEquals(totals, { type: "figures", connections: 1, serverPorts: 1, fourTuples: 1 });
  }, { figures: true }));

Deno.test("talk() tells nothing of itself when figures are off", () =>
  withTalk(async (server) => {
    await using ada = new Tab(server);
    await ada.send({ type: "hello", name: "ada" });
    assertEquals((await ada.next()).you, undefined);
    assertEquals((await ada.next()).type, "joined");
    // As long as the report takes that would be under way.
    await server.report();
    await ada.send({ type: "text", text: "a" });
    assertEquals((await ada.take() as TabMessage).type, "text");
  }));

Deno.test("talk() slows a person who sends many bytes, and gives the nickname to nobody before they are passed on", () =>
  withTalk(async (server) => {
    await using ada = await Tab.enter(server, "ada");
    const eve = await Tab.enter(server, "eve");
    assertEquals((await ada.next()).type, "joined");
    const image = new Uint8Array(1_000_000).fill(1);
    for (let count = 0; count < 6; count++) {
      await eve.send(new Uint8Array(frameImage("eve", image)));
    }
    for (let count = 0; count < 4; count++) await ada.nextImage();
    await eve[Symbol.asyncDispose]();
    for (let count = 4; count < 6; count++) await ada.nextImage();
    assertEquals(await ada.next(), { type: "left", id: 2, name: "eve" });
  }));
