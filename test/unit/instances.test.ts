import { describe, expect, test } from "vitest";
import { tidy } from "../../agent/instances/log.ts";
import { creation, instanceOf, isoTime, namesOf } from "../../agent/instances/source.ts";

const spec = {
  image: "debian-13",
  type: "container" as const,
  count: 1,
  cpu: 2,
  ram: "512MiB",
  storage: "4GiB",
  start: true,
};

describe("instances", () => {
  test("many at once are numbered so that they sort", () => {
    expect(namesOf("web", 1)).toEqual(["web"]);
    expect(namesOf("web", 3)).toEqual(["web-001", "web-002", "web-003"]);
    expect(namesOf("web", 1000).at(-1)).toBe("web-1000");
  });

  test("carry all that counts themselves", () => {
    const place = { pool: "default", network: undefined, fingerprint: "abc" };
    expect(creation("web", spec, place)).toMatchObject({
      profiles: [],
      config: {
        "limits.cpu": "2",
        "limits.memory": "512MiB",
        "security.idmap.isolated": "true",
      },
      devices: { root: { type: "disk", path: "/", pool: "default", size: "4GiB" } },
    });
    expect(JSON.stringify(creation("web", spec, place))).not.toContain("nic");
    expect(creation("web", spec, { ...place, network: "tenants0" })).toMatchObject({
      devices: { eth0: { type: "nic", network: "tenants0" } },
    });
  });

  test("are read back with what Incus leaves out", () => {
    const read = instanceOf({
      name: "web",
      type: "container",
      status: "Stopped",
      location: "none",
      created_at: "2026-11-21T20:30:20.28988052Z",
      config: {},
      devices: {},
      expanded_config: { "limits.cpu": "2", "limits.memory": "1GiB" },
      expanded_devices: { root: { type: "disk", path: "/", size: "1GiB" } },
      state: { cpu: { usage: -1 }, memory: null, disk: null, network: null, processes: -1 },
      snapshots: null,
    });
    expect(read).toMatchObject({
      status: "stopped",
      createdAt: "2026-11-21T20:30:20.289Z",
      limit: { cpu: 2, ramKib: 1024 ** 2, storageKib: 1024 ** 2 },
      live: { cpuSeconds: 0, ramKib: 0, storageKib: 0, processes: 0 },
      snapshots: 0,
    });
    expect(isoTime("0001-01-01T00:00:00Z")).toBe("");
    const glimpse = { name: "web", status: "Error", location: "none" };
    expect(instanceOf(glimpse)).toMatchObject({
      status: "error",
      createdAt: "",
      image: "",
      live: { ramKib: 0 },
      addresses: [],
    });
  });
});

describe("console log", () => {
  test("has no control characters but newline and tab", () => {
    const text = "\u001b[32mOK\u001b[0m\tdone\r\n\u001b]0;title\u0007next\u0000\u009b31m\u0007\n";
    expect(tidy(text)).toBe("OK\tdone\nnext31m\n");
  });

  test("keeps the end of it, whole characters only", () => {
    const text = tidy(`${"x".repeat(300 * 1024)}${"é".repeat(10)}`);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(256 * 1024);
    expect(text.endsWith("éé")).toBe(true);
    expect(tidy("é".repeat(200 * 1024))).not.toContain("\uFFFD");
  });
});
