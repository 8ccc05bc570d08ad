import {
  findNode,
  findNodeWithWebSocket,
  findPython,
  type Program,
  WS_MODULE,
} from "../helpers/programs.ts";
import { playWithChild } from "./child.ts";
import type { Skill } from "./moves.ts";
import { testClient } from "./play.ts";

const EVERYTHING: Skill[] = ["frames", "BOM"];

testChild("ws on Node", EVERYTHING, await findNode(), "main.js", WS_MODULE);
testChild("ws on Deno", EVERYTHING, deno(), "main.js", WS_MODULE);
testChild("Deno's WebSocket", ["BOM"], deno(), "main.js");
testChild("Node's WebSocket", [], await findNodeWithWebSocket(), "main.js");
testChild("python3-websockets", EVERYTHING, await findPython("websockets"), "websockets_client.py");
testChild("python3-wsproto", EVERYTHING, await findPython("wsproto"), "wsproto_client.py");

function deno(): Program {
  return { command: Deno.execPath(), args: ["run", "--no-config", "-A"] };
}

/** Registers the test of a client that is a program in clients/. */
function testChild(
  name: string,
  skills: Skill[],
  program: Program,
  script: string,
  ...args: string[]
): void {
  const path = new URL(`clients/${script}`, import.meta.url).pathname;
  testClient({
    name,
    skills,
    ...("missing" in program
      ? { missing: program.missing, play: () => Promise.reject(new Error(program.missing)) }
      : {
        play: (groups) => playWithChild(program.command, [...program.args, path, ...args], groups),
      }),
  });
}
