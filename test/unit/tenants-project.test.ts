import { describe, expect, test } from "vitest";
import { forEachBounded, KeyedLock } from "../../agent/tenants/locks.ts";
import { declared, driftOf, incusSize } from "../../agent/tenants/project.ts";
import { parseRecord, parseState } from "../../agent/tenants/record.ts";
import { features, restrictionsFor } from "../../agent/tenants/restrictions.ts";

/** Every `restricted` key that Incus 6.0 knows. */
const known = [
  "restricted",
  "restricted.backups",
  "restricted.cluster.groups",
  "restricted.cluster.target",
  "restricted.containers.interception",
  "restricted.containers.lowlevel",
  "restricted.containers.nesting",
  "restricted.containers.privilege",
  "restricted.devices.disk",
  "restricted.devices.disk.paths",
  "restricted.devices.gpu",
  "restricted.devices.infiniband",
  "restricted.devices.nic",
  "restricted.devices.pci",
  "restricted.devices.proxy",
  "restricted.devices.unix-block",
  "restricted.devices.unix-char",
  "restricted.devices.unix-hotplug",
  "restricted.devices.usb",
  "restricted.idmap.gid",
  "restricted.idmap.uid",
  "restricted.networks.access",
  "restricted.networks.integrations",
  "restricted.networks.subnets",
  "restricted.networks.uplinks",
  "restricted.networks.zones",
  "restricted.snapshots",
  "restricted.virtual-machines.lowlevel",
];

const record = {
  version: 1 as const,
  displayName: "Ministry",
  domain: "defense_t",
  classification: "secret" as const,
  jurisdiction: "UK",
  quota: { cpu: "128", ram: "1TB", storage: "50 TB" },
  contacts: [],
  createdAt: "2026-01-01T00:00:00.000Z",
  createdBy: "alice",
};
const state = { state: "active" as const, since: record.createdAt, by: "alice", uid: 1000 };

describe("restrictions", () => {
  test("name every key once, each with a reason in a sentence", () => {
    for (const network of [undefined, "tenants0"]) {
      const table = restrictionsFor(network);
      expect(table.map(({ key }) => key).sort()).toEqual([...known].sort());
      for (const { why } of [...table, ...features]) expect(why).toMatch(/^[A-Za-z].{15,}\.$/);
    }
  });

  test("allow a network only where the node has one for tenants", () => {
    const value = (network: string | undefined, key: string) =>
      restrictionsFor(network).find((one) => one.key === key)?.value;
    expect(value(undefined, "restricted.devices.nic")).toBe("block");
    expect(value("tenants0", "restricted.devices.nic")).toBe("managed");
    expect(value("tenants0", "restricted.networks.access")).toBe("tenants0");
    // An empty list would mean every network.
    expect(value(undefined, "restricted.networks.access")).not.toBe("");
  });
});

describe("declared configuration", () => {
  const wanted = declared(record, state, { network: undefined, poolName: "default" });

  test("holds limits as Incus reads them and the record whole", () => {
    expect(wanted["limits.cpu"]).toBe("128");
    expect(wanted["limits.memory"]).toBe("1TB");
    expect(wanted["limits.disk"]).toBe("50TB");
    expect(incusSize("5KB")).toBe("5kB");
    expect(parseRecord(wanted["user.dsecos.tenant"] ?? "")).toEqual(record);
    expect(parseState(wanted["user.dsecos.state"] ?? "")).toEqual(state);
  });

  test("drift tells what is missing, what differs and what must not be there", () => {
    const actual: Record<string, string> = {
      ...wanted,
      "restricted.idmap.uid": "0-5",
      "limits.cpu": "256",
    };
    delete actual.restricted;
    expect(driftOf(actual, wanted)).toEqual([
      { key: "restricted", was: "", is: "true" },
      { key: "restricted.idmap.uid", was: "0-5", is: "" },
      { key: "limits.cpu", was: "256", is: "128" },
    ]);
    expect(driftOf({ ...wanted, "user.other": "stays" }, wanted)).toEqual([]);
  });

  test("a record that is not ours is not taken for one", () => {
    for (const text of ["", "{", "[]", '{"version":2}', "null"]) {
      expect(parseRecord(text)).toBeUndefined();
      expect(parseState(text)).toBeUndefined();
    }
  });
});

describe("turns", () => {
  test("the same key waits, another does not, and a failure lets the next one in", async () => {
    const lock = new KeyedLock();
    const order: string[] = [];
    const slow = lock.run("a", async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push("slow");
      throw new Error("failed");
    });
    const next = lock.run("a", async () => order.push("next"));
    await lock.run("b", async () => order.push("other"));
    await expect(slow).rejects.toThrow("failed");
    await next;
    expect(order).toEqual(["other", "slow", "next"]);
  });

  test("no more than the width at a time", async () => {
    let now = 0;
    let most = 0;
    await forEachBounded(
      Array.from({ length: 20 }, (_, i) => i),
      4,
      async () => {
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setTimeout(resolve, 2));
        now -= 1;
      },
    );
    expect(most).toBe(4);
  });
});
