import { assertEquals, assertMatch } from "@std/assert";
import { Systemd } from "../../../../server/cli/serve/systemd.ts";
import { ManualTimers } from "../../../helpers/manual_timers.ts";
import { serviceManager, systemdTest } from "../../../helpers/service_manager.ts";

/** What it says at the beginning of a drain. */
const STOPPING = "STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000";

for (const kind of ["path", "abstract"] as const) {
  systemdTest(
    `Systemd tells a socket that has a name of the kind "${kind}" how it is`,
    async () => {
      await using manager = await serviceManager(kind);
      using systemd = new Systemd({ NOTIFY_SOCKET: manager.name });
      systemd.ready();
      systemd.status("one\ntwo");
      systemd.status("one\ntwo");
      assertEquals(await systemd.reloading(() => Promise.resolve(5)), 5);
      systemd.stopping();
      systemd.stopping();
      systemd.status("end");
      assertEquals([await manager.next(), await manager.next()], ["READY=1", "STATUS=one two"]);
      assertMatch(await manager.next(), /^RELOADING=1\nMONOTONIC_USEC=[1-9]\d*$/);
      assertEquals(await manager.next(), "READY=1");
      assertEquals([await manager.next(), await manager.next()], [STOPPING, "STATUS=end"]);
    },
  );
}

systemdTest(
  "Systemd.reloading() says that it is over also when it fails, but not after the end",
  async () => {
    await using manager = await serviceManager("path");
    using systemd = new Systemd({ NOTIFY_SOCKET: manager.name });
    await systemd.reloading(() => Promise.reject(new Error())).catch(() => {});
    await manager.next();
    assertEquals(await manager.next(), "READY=1");
    systemd.stopping();
    await systemd.reloading(() => Promise.resolve());
    systemd.status("end");
    assertEquals([await manager.next(), await manager.next()], [STOPPING, "STATUS=end"]);
  },
);

systemdTest("Systemd.follow() sends a status whenever it has changed", async () => {
  await using manager = await serviceManager("path");
  using systemd = new Systemd({ NOTIFY_SOCKET: manager.name });
  let asked = 0;
  systemd.follow(() => {
    asked++;
    if (asked === 3) throw new Error("Passed over");
    return Promise.resolve(asked < 5 ? "first" : "second");
  }, 1);
  assertEquals([await manager.next(), await manager.next()], ["STATUS=first", "STATUS=second"]);
});

systemdTest("Systemd feeds a watchdog that is for this process, twice in its time", async () => {
  await using manager = await serviceManager("path");
  const NOTIFY_SOCKET = manager.name;
  for (const pid of [undefined, "5"]) {
    const env = { NOTIFY_SOCKET, WATCHDOG_USEC: "2000", ...pid && { WATCHDOG_PID: pid } };
    using systemd = new Systemd(env, 5);
    systemd.ready();
    const said = [await manager.next(), await manager.next(), await manager.next()];
    assertEquals(said, ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]);
    systemd.stopping();
    while (await manager.next() !== STOPPING);
  }
});

systemdTest("Systemd feeds no watchdog that is another's, or none", async () => {
  await using manager = await serviceManager("path");
  const NOTIFY_SOCKET = manager.name;
  for (
    const env of [
      { WATCHDOG_USEC: "2000", WATCHDOG_PID: "6" },
      { WATCHDOG_USEC: "0" },
      { WATCHDOG_USEC: "x" },
      {},
    ]
  ) {
    const { setInterval } = globalThis;
    let intervals = 0;
    globalThis.setInterval = ((): number => ++intervals) as unknown as typeof setInterval;
    try {
      using systemd = new Systemd({ NOTIFY_SOCKET, ...env }, 5);
      systemd.ready();
      assertEquals(await manager.next(), "READY=1");
    } finally {
      globalThis.setInterval = setInterval;
    }
    assertEquals(intervals, 1, "the one that asks for more time while it starts");
  }
});

systemdTest(
  "Systemd asks for more time while it starts, reloads and stops, and not between",
  async () => {
    await using manager = await serviceManager("path");
    using timers = new ManualTimers();
    using systemd = new Systemd({ NOTIFY_SOCKET: manager.name });
    const ask = async () => {
      timers.tick();
      return timers.running.length === 0 ? undefined : await manager.next();
    };
    const MORE = "EXTEND_TIMEOUT_USEC=30000000";
    assertEquals([timers.running, await ask()], [[10_000], MORE]);
    systemd.ready();
    assertEquals([await manager.next(), await ask()], ["READY=1", undefined]);
    await systemd.reloading(async () => {
      await manager.next();
      assertEquals(await ask(), MORE);
    });
    assertEquals([await manager.next(), await ask()], ["READY=1", undefined]);
    systemd.stopping();
    assertEquals([await manager.next(), await ask(), await ask()], [STOPPING, MORE, MORE]);
  },
);

systemdTest("Systemd is not ready any more, and nothing is reloaded, once it stops", async () => {
  await using manager = await serviceManager("path");
  using systemd = new Systemd({ NOTIFY_SOCKET: manager.name });
  await systemd.reloading(() => Promise.resolve(systemd.stopping()));
  systemd.ready();
  systemd.status("end");
  await manager.next();
  assertEquals([await manager.next(), await manager.next()], [STOPPING, "STATUS=end"]);
});

systemdTest(
  "Systemd.failed() shows why nothing starts, with the number that the system has for it",
  async () => {
    await using manager = await serviceManager("path");
    using systemd = new Systemd({ NOTIFY_SOCKET: manager.name });
    systemd.failed("The port is in use", new Deno.errors.AddrInUse());
    systemd.failed("Something else", new Error());
    const said = [await manager.next(), await manager.next(), await manager.next()];
    assertEquals(said, ["STATUS=The port is in use", "ERRNO=98", "STATUS=Something else"]);
    await systemd.flush();
  },
);

Deno.test("Systemd does nothing where nobody listens", async () => {
  const nowhere = { WATCHDOG_USEC: "2000", NOTIFY_SOCKET: "/nowhere/at/all" };
  for (const env of [{}, { NOTIFY_SOCKET: "" }, { NOTIFY_SOCKET: "vsock:2:1" }, nowhere]) {
    using systemd = new Systemd(env);
    systemd.ready();
    systemd.follow(() => Promise.resolve("status"));
    systemd.status("other");
    assertEquals(await systemd.reloading(() => Promise.resolve(1)), 1);
    systemd.stopping();
  }
});
