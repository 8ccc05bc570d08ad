import { assert, assertEquals } from "@std/assert";
import { filesIn, jsonOf, tryFiles, writeFiles } from "../../bench/report_files.ts";

/** Runs with a folder that is gone afterwards. */
async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
}

Deno.test("filesIn() lists a report in all its forms, where a folder is given", () => {
  const forms = { page: () => "page", picture: () => "picture" };
  const files = filesIn("out//", "x-1.0", forms);
  assertEquals(files.map(({ path }) => path), [
    "out/x-1.0.json",
    "out/x-1.0.html",
    "out/x-1.0.svg",
  ]);
  assertEquals(files.map(({ text }) => text({ a: 1 })), [jsonOf({ a: 1 }), "page", "picture"]);
  assertEquals(filesIn(undefined, "x", forms), []);
  const { picture } = forms;
  assertEquals(filesIn("o", "x", { picture }).map(({ path }) => path), ["o/x.json", "o/x.svg"]);
});

Deno.test("tryFiles() makes folders, keeps what there is and leaves no file", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/old`, "kept");
    const files = [`${folder}/old`, `${folder}/a/b/new`, "/dev/null"].map((path) => ({ path }));
    assertEquals(await tryFiles(files, "bench", { err: assert }), true);
    assertEquals(await Deno.readTextFile(`${folder}/old`), "kept");
    assertEquals([await namesIn(folder), await namesIn(`${folder}/a/b`)], [["a", "old"], []]);
  });
});

Deno.test("tryFiles() names each file that cannot be written", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const files = [folder, `${folder}/new`, `${folder}/file/x`].map((path) => ({ path }));
    const lines: string[] = [];
    const io = { out() {}, err: (line: string) => void lines.push(line) };
    assertEquals(await tryFiles(files, "bench soak", io), false);
    assertEquals(lines.length, 2, lines.join(""));
    assertEquals(lines[0], `bench soak: Cannot write "${folder}": it is a directory\n`);
    assert(lines[1]!.startsWith(`bench soak: Cannot write "${folder}/file/x": `), lines[1]);
  });
});

Deno.test({
  name: "tryFiles() does not wait for the reader of a pipe",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const path = `${folder}/pipe`;
      assert((await new Deno.Command("mkfifo", { args: [path] }).output()).success);
      assertEquals(await tryFiles([{ path }], "bench", { err: assert }), true);
    }),
});

Deno.test("writeFiles() writes what it can, and says of each what became of it", async () => {
  await inFolder(async (folder) => {
    const file = (name: string) => ({
      path: `${folder}/${name}`,
      text: (n: number) => `${n} ${name}`,
    });
    const lines: string[] = [];
    const io = { out() {}, err: (line: string) => void lines.push(line) };
    assertEquals(await writeFiles([file("a"), file("b/c"), file("d")], 7, "bench", io), false);
    assertEquals(await Deno.readTextFile(`${folder}/d`), "7 d");
    assertEquals(lines[0], `Wrote ${folder}/a\n`);
    assert(lines[1]!.startsWith(`bench: Cannot write "${folder}/b/c": `), lines[1]);
    assertEquals(await writeFiles([file("a")], 8, "bench", io), true);
    assertEquals(await Deno.readTextFile(`${folder}/a`), "8 a");
  });
});
