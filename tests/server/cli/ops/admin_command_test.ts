import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { AdminError } from "../../../../server/cli/ops/admin_client.ts";
import { adminCommand } from "../../../../server/cli/ops/admin_command.ts";
import { startAdminPort } from "../../../helpers/admin_port.ts";
import { FakeOperations } from "../../../helpers/fake_operations.ts";
import { fourtuple } from "../../../helpers/process.ts";
import { written } from "../../../helpers/written.ts";

/** A command that writes down what it was given, or throws. */
function probe(problem?: Error) {
  return adminCommand({
    name: "probe",
    summary: "Probes",
    help: "The help\n",
    options: {
      text: { kind: "text", placeholder: "TEXT", help: "A text" },
      loud: { kind: "switch", help: "Loud" },
      json: { kind: "switch", help: "As JSON" },
    },
    words: 1,
    read(flags, problems, words) {
      if (flags.text === "wrong") problems.push("--text: it is wrong");
      return { flags, words };
    },
    run(client, { flags, words, json }, { out }) {
      if (problem !== undefined) return Promise.reject(problem);
      out(JSON.stringify([client.place, flags.text, flags.loud, words, json]));
      return Promise.resolve(0);
    },
  });
}

function run(args: string[], problem?: Error) {
  return written((io) => probe(problem).run(args, io));
}

Deno.test("adminCommand() reads its own options and those of all", async () => {
  const args = ["--text=a", "word", "--loud", "--json", "--admin", "127.0.0.1:7"];
  assertEquals(await run(args), {
    code: 0,
    out: '["127.0.0.1:7","a",true,["word"],true]',
    err: "",
  });
});

Deno.test("adminCommand() prints its help", async () => {
  for (const flag of ["--help", "-h"]) {
    assertEquals(await run([flag]), { code: 0, out: "The help\n", err: "" });
  }
});

Deno.test("adminCommand() lists all that is wrong at once", async () => {
  assertEquals(await run(["a", "b", "--nope", "--text=wrong", "--admin=x"]), {
    code: 2,
    out: "",
    err: `\
fourtuple probe: "b": unexpected argument
fourtuple probe: --nope: no such option
fourtuple probe: --admin: expected HOST:PORT or a URL such as http://127.0.0.1:6455, received "x"
fourtuple probe: --text: it is wrong
Try: fourtuple probe --help
`,
  });
});

Deno.test("adminCommand() writes a problem of the ops port as one escaped line", async () => {
  const { code, out, err } = await run([], new AdminError("gone \x1b[2J\n", 3));
  assertEquals([code, out, err], [3, "", "fourtuple probe: gone \\x1b[2J\\x0a\n"]);
});

Deno.test("adminCommand() leaves other problems to its caller", async () => {
  await assertRejects(() => run([], new RangeError("a bug")), RangeError, "a bug");
});

Deno.test("adminCommand() asks this host without a proxy, and takes its variables", async () => {
  const token = "a-token-of-some-length";
  await using port = startAdminPort(new FakeOperations([]), token);
  const proxy = "http://127.0.0.1:1";
  await using process = fourtuple(["connections"], {
    env: {
      HTTP_PROXY: proxy,
      http_proxy: proxy,
      FOURTUPLE_ADMIN: port.place,
      FOURTUPLE_ADMIN_TOKEN: token,
    },
  });
  const { code, out, err } = await process.ended();
  assertEquals([code, err], [0, ""]);
  assertStringIncludes(out, "0 connections shown");
  assert(!out.includes("4-tuple"));
});
