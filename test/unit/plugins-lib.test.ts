import { beforeEach, describe, expect, test, vi } from "vitest";
import { instances } from "../../agent/instances/contract.ts";
import { jobs } from "../../agent/jobs/contract.ts";
import { tenants } from "../../agent/tenants/contract.ts";
import type { CockpitError } from "../../plugins/lib/cockpit.ts";
import { commandOf, quoted } from "../../plugins/lib/command.ts";
import { placeBeside } from "../../plugins/lib/floating.tsx";
import { format, relativeTime, size } from "../../plugins/lib/i18n.ts";
import { levelOf } from "../../plugins/lib/meter.tsx";

type Call = [string, string, string, unknown[], { type: string; timeout: number }];

/** A bus whose calls the test answers itself. */
function fakeCockpit() {
  const calls: { call: Call; resolve: (reply: unknown[]) => void; reject: (e: unknown) => void }[] =
    [];
  const closed: ((event: Event, why: CockpitError) => void)[] = [];
  const owners: ((event: Event, owner: string | null) => void)[] = [];
  let opened = 0;
  const cockpit = {
    gettext: (text: string) => text,
    ngettext: (one: string, many: string, count: number) => (count === 1 ? one : many),
    language: "en",
    location: { path: [], options: {} },
    dbus: () => {
      opened += 1;
      return {
        call: (...call: Call) =>
          new Promise<unknown[]>((resolve, reject) => calls.push({ call, resolve, reject })),
        subscribe: () => ({ remove: () => undefined }),
        addEventListener: (type: string, listener: never) =>
          (type === "close" ? closed : owners).push(listener),
      };
    },
  };
  vi.stubGlobal("cockpit", cockpit);
  return { calls, closed, owners, opened: () => opened };
}

let bus: ReturnType<typeof fakeCockpit>;
let lib: typeof import("../../plugins/lib/client.ts");
let connection: typeof import("../../plugins/lib/connection.ts");

beforeEach(async () => {
  vi.resetModules();
  bus = fakeCockpit();
  lib = await import("../../plugins/lib/client.ts");
  connection = await import("../../plugins/lib/connection.ts");
});

const next = () => new Promise((resolve) => setTimeout(resolve));

describe("client", () => {
  test("calls as the contract says, documents as JSON", async () => {
    const reply = lib.client(jobs).List({ cursor: "", limit: 5 });
    await next();
    const [path, name, member, args, options] = (bus.calls[0] as { call: Call }).call;
    expect([path, name, member]).toEqual(["/org/dsecos/jobs", "org.dsecos.Jobs1", "List"]);
    expect(args).toEqual(['{"cursor":"","limit":5}']);
    expect(options).toEqual({ type: "s", timeout: 35_000 });
    bus.calls[0]?.resolve(['{"rows":[],"total":0,"next":""}']);
    expect(await reply).toEqual({ rows: [], total: 0, next: "" });
  });

  test("refuses a reply that the contract does not know", async () => {
    const reply = lib.client(jobs).List({ cursor: "", limit: 5 });
    await next();
    bus.calls[0]?.resolve(['{"rows":[{"id":"no"}],"total":1,"next":""}']);
    await expect(reply).rejects.toMatchObject({ code: "BadReply" });
  });

  test("refuses bad input before it goes anywhere", async () => {
    await expect(lib.client(tenants).Show("Not A Name")).rejects.toMatchObject({
      code: "InvalidArgument",
    });
    expect(bus.calls).toHaveLength(0);
  });

  test.each([
    [{ problem: null, name: "org.dsecos.Error.QuotaExceeded", message: "full" }, "QuotaExceeded"],
    [{ problem: null, name: "org.freedesktop.DBus.Error.AccessDenied" }, "NoAccess"],
    [{ problem: null, name: "org.freedesktop.DBus.Error.ServiceUnknown" }, "NotRunning"],
    [{ problem: "not-found" }, "NotRunning"],
    [{ problem: "timeout" }, "Timeout"],
    [{ problem: "disconnected" }, "Disconnected"],
    [{ problem: null, name: "com.example.Error", message: "what" }, "Internal"],
  ])("turns %o into %s", async (failure, code) => {
    const reply = lib.client(tenants).Show("mod-defense");
    await next();
    bus.calls[0]?.reject(failure);
    await expect(reply).rejects.toMatchObject({ code });
  });

  test("has at most 50 calls under way", async () => {
    const replies = Array.from({ length: 120 }, () =>
      lib.client(jobs).List({ cursor: "", limit: 1 }),
    );
    await next();
    expect(bus.calls).toHaveLength(50);
    for (let answered = 0; answered < 120; answered += 1) {
      bus.calls[answered]?.resolve(['{"rows":[],"total":0,"next":""}']);
      await next();
      expect(bus.calls.length - answered - 1).toBeLessThanOrEqual(50);
    }
    expect(await Promise.all(replies)).toHaveLength(120);
  });

  test("opens again after the channel closed", async () => {
    vi.useFakeTimers();
    const states: string[] = [];
    connection.onConnection((state) => states.push(state));
    const lost = lib.client(tenants).Show("mod-defense");
    await vi.advanceTimersByTimeAsync(0);
    bus.closed[0]?.(new Event("close"), { problem: "terminated" });
    bus.calls[0]?.reject({ problem: "terminated" });
    await expect(lost).rejects.toMatchObject({ code: "Disconnected" });
    await vi.advanceTimersByTimeAsync(1000);
    expect(bus.opened()).toBe(2);
    bus.owners[1]?.(new Event("owner"), ":1.5");
    expect(states).toEqual(["lost", "open"]);
    vi.useRealTimers();
  });
});

describe("command", () => {
  test("is what the command line takes", () => {
    const quota = { cpu: "128", ram: "1TB", storage: "50TB" };
    const spec = {
      displayName: "Ministry of Defense",
      domain: "defense_t",
      classification: "official",
      jurisdiction: "UK",
      quota,
      contacts: [],
    };
    expect(commandOf(tenants, "Create", ["mod-defense", spec])).toBe(
      "dsecos tenants create mod-defense --display-name 'Ministry of Defense' --domain defense_t --cpu 128 --ram 1TB --storage 50TB",
    );
    expect(commandOf(instances, "Stop", ["mod-defense", ["web", "db"], true])).toBe(
      "dsecos instances stop mod-defense web db --force",
    );
  });

  test("quotes for a shell", () => {
    expect(quoted("it's")).toBe("'it'\\''s'");
    expect(quoted("plain-1.2")).toBe("plain-1.2");
  });
});

describe("words and numbers", () => {
  test("sizes are whole where people wrote them so", () => {
    expect(size(0)).toBe("0");
    expect(size(512 * 1024)).toBe("512 MiB");
    expect(size(Math.floor(1000 ** 4 / 1024))).toBe("1 TB");
    expect(size(1024 ** 3 * 1.5)).toBe("1.5 TiB");
    expect(size(53)).toBe("53 KiB");
  });

  test("times are told from now", () => {
    const now = Date.parse("2026-01-01T12:00:00Z");
    expect(relativeTime("2026-01-01T11:57:00Z", now)).toBe("3 minutes ago");
    expect(relativeTime("2026-01-02T12:00:00Z", now)).toBe("tomorrow");
    expect(relativeTime("2026-01-01T11:59:58Z", now)).toBe("just now");
    expect(relativeTime("never", now)).toBe("");
  });

  test("values go where the translator put them", () => {
    expect(format("$1 of $0, $2", 3, 1)).toBe("1 of 3, $2");
  });

  test("a bar warns before it is full", () => {
    expect([0.5, 0.85, 1].map(levelOf)).toEqual(["", "warning", "danger"]);
  });
});

test("what floats stays inside the window", () => {
  const view = { width: 1000, height: 600 };
  const anchor = { left: 950, right: 990, top: 550, bottom: 580 };
  expect(placeBeside(anchor, { width: 200, height: 100 }, view, true)).toEqual({
    left: 792,
    top: 446,
  });
});
