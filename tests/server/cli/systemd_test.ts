import { assertEquals, assertMatch } from "@std/assert";
import { Systemd } from "../../../server/cli/systemd.ts";
import { serviceManager, systemdTest } from "../../helpers/service_manager.ts";

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
      assertEquals([await manager.next(), await manager.next()], ["STOPPING=1", "STATUS=end"]);
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
    assertEquals([await manager.next(), await manager.next()], ["STOPPING=1", "STATUS=end"]);
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
    while (await manager.next() !== "STOPPING=1");
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
    assertEquals(intervals, 0);
  }
});

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
