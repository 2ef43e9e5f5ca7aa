/** Settings that differ from Ceph's defaults: which are listed, which are secret, and which weaken the cluster. */
import { expect, test } from "vitest";
import { DsecosError } from "../../agent/bus/errors.ts";
import { DaemonSettings } from "../../agent/ceph/encryption/settings.ts";
import { ClusterFacts } from "../../agent/ceph/facts/facts.ts";
import type { Ceph } from "../../agent/ceph/link/types.ts";
import type { SettingFilter } from "../../agent/ceph/settings/answers.ts";
import { SettingHelp } from "../../agent/ceph/settings/help.ts";
import { settingNamesQuestion, settingsQuestion } from "../../agent/ceph/settings/question.ts";
import { type Help, type Running, settingRows } from "../../agent/ceph/settings/rows.ts";
import { isSecret } from "../../agent/ceph/settings/secret.ts";
import { weakens } from "../../agent/ceph/settings/weak.ts";

const help = (fallback: string): Help => ({
  ...{ fallback, level: "advanced", description: "What it is for.", runtime: true },
});
const kept = (name: string, value: string, section = "global", mask = "") => ({
  ...{ name, value, section, mask },
});
const running = (name: string, value: string, source: string, ...daemons: string[]): Running => ({
  ...{ name, value, source, daemons, daemonCount: daemons.length },
});

const settings = [
  kept("debug_ms", "0/0"),
  kept("osd_max_backfills", "2", "osd", "class:hdd"),
  kept("mon_allow_pool_delete", "true", "mon"),
  kept("auth_allow_insecure_global_id_reclaim", "true"),
  kept("mgr/telemetry/contact", "", "mgr"),
  kept("rgw_keystone_admin_password", "hunter2", "client.rgw"),
];
const told = [
  running("osd_heartbeat_grace", "6.000000", "file", "osd.0", "osd.1"),
  running("osd_max_backfills", "5", "override", "osd.3"),
  running("daemonize", "false", "cmdline", "osd.0"),
];
const helps = new Map<string, Help | undefined>([
  ["debug_ms", help("0/0")],
  ["osd_max_backfills", help("1")],
  ["mon_allow_pool_delete", help("false")],
  ["auth_allow_insecure_global_id_reclaim", help("true")],
  ["mgr/telemetry/contact", undefined],
  ["rgw_keystone_admin_password", help("")],
  ["osd_heartbeat_grace", help("20")],
  ["daemonize", help("false")],
]);

const anything: SettingFilter = {
  ...{
    search: "",
    source: [],
    weak: false,
    sort: "name",
    descending: false,
    cursor: "",
    limit: 100,
  },
};

function ask(filter: Partial<SettingFilter> = {}, problems: ClusterFacts["problems"] = {}) {
  const facts = new ClusterFacts();
  facts.put(
    "settings",
    "2026-11-22T14:00:00.000Z",
    new TextEncoder().encode(JSON.stringify(settings)),
  );
  const more = { running: told, help: helps, asked: 3, daemons: 4 };
  return settingsQuestion.answer(new ClusterFacts(facts, problems), {
    ...{ filter: { ...anything, ...filter }, ...more },
  });
}

test("what is the default is left out, unless it weakens, is secret or is not known", () => {
  const page = ask();
  const listed = page.rows.map(({ name, source, section }) => `${name} ${source} ${section}`);
  expect(listed.sort()).toEqual([
    "auth_allow_insecure_global_id_reclaim cluster global",
    "mgr/telemetry/contact cluster mgr",
    "mon_allow_pool_delete cluster mon",
    "osd_heartbeat_grace file ",
    "osd_max_backfills cluster osd",
    "osd_max_backfills override ",
    "rgw_keystone_admin_password cluster client.rgw",
  ]);
  expect(new Set(page.rows.map(({ id }) => id)).size).toBe(page.rows.length);
  expect(page.rows.find(({ source }) => source === "file")).toMatchObject({
    ...{ value: "6.000000", fallback: "20", daemons: ["osd.0", "osd.1"], daemonCount: 2 },
  });
  expect(page).toMatchObject({ weak: 2, asked: 3, daemons: 4 });
  expect(page.missing).toEqual([expect.stringContaining("1 of 4 daemons did not tell")]);
});

test("a secret is listed and nowhere in the answer", () => {
  const page = ask({ search: "password" });
  expect(page.rows).toMatchObject([
    { secret: true, value: "", name: "rgw_keystone_admin_password" },
  ]);
  expect(JSON.stringify(ask())).not.toContain("hunter2");
  expect(ask({ search: "hunter2" }).rows).toEqual([]);
  const key = "AQDA7CdqAAAAABAAuKv1QBsKQm3E8Ol9jvHnZA==";
  const rows = settingRows([kept("harmless", `see ${key}`)], [], new Map());
  expect(JSON.stringify(rows)).not.toContain(key);
});

test.each([
  ["rgw_crypt_vault_token_file", "/etc/ceph/token", false],
  ["keyring", "/etc/ceph/keyring", false],
  ["osd_data", "/var/lib/ceph", false],
  ["monkey", "x", false],
  ["key", "x", true],
  ["rgw_ldap_secret", "/etc/bindpass", true],
  ["rgw_keystone_admin_token", "x", true],
  ["rgw_crypt_s3_kms_encryption_keys", "testkey=…", true],
  ["mgr/cephadm/registry_password", "x", true],
])("whether %s with %s is secret: %s", (name, value, secret) => {
  expect(isSecret(name, value)).toBe(secret);
});

test.each([
  ["ms_cluster_mode", "secure", false],
  ["ms_cluster_mode", "secure crc", true],
  ["ms_mon_client_mode", "crc", true],
  ["ms_bind_msgr1", "true", true],
  ["auth_client_required", "cephx", false],
  ["auth_client_required", "none", true],
  ["auth_cluster_required", "cephx, none", true],
  ["mon_allow_pool_delete", "true", true],
  ["mon_allow_pool_delete", "false", false],
  ["auth_allow_insecure_global_id_reclaim", "true", true],
  ["cephx_require_version", "1", true],
  ["cephx_require_version", "2", false],
  ["auth_service_ticket_ttl", "86400", false],
  ["auth_service_ticket_ttl", "31536000", true],
  ["admin_socket_mode", "0755", true],
  ["admin_socket_mode", "0750", false],
  ["bluestore_csum_type", "none", true],
  ["clog_to_monitors", "default=true audit=false", true],
  ["osd_max_backfills", "100", false],
])("whether %s = %s weakens the cluster: %s", (name, value, weak) => {
  expect(weakens(name, value) !== "").toBe(weak);
  expect(weakens(name, value)).not.toMatch(/[^.]$/);
});

test("settings are found by words, source and weakness, and what is refused is said", () => {
  expect(ask({ weak: true }).rows.map(({ name }) => name)).toEqual([
    ...["auth_allow_insecure_global_id_reclaim", "mon_allow_pool_delete"],
  ]);
  expect(ask({ source: ["override"] }).rows.map(({ value }) => value)).toEqual(["5"]);
  expect(ask({ search: "OSD backfills class" }).total).toBe(0);
  expect(ask({ search: "backfills what is" }).total).toBe(2);
  expect(ask({}, { settings: "It is refused." }).missing).toContain("It is refused.");
  const none = settingNamesQuestion.answer(new ClusterFacts());
  expect(none).toEqual([]);
});

/** A link that answers these commands alone. */
function answering(answers: Record<string, (args: Record<string, unknown>) => unknown>): Ceph {
  const link = {
    status: () => ({ state: "ready", since: "", reason: "", version: "16.2.15", fsid: "" }),
    mon: async (prefix: string, args: Record<string, unknown>) => answers[prefix]?.(args),
  };
  return link as unknown as Ceph;
}

test("help is asked for once by name, and again where it failed", async () => {
  const asked: unknown[] = [];
  const link = answering({
    "config help": ({ key }) => {
      asked.push(key);
      if (key === "mgr/x") throw new DsecosError("NotFound", "There is none.");
      if (key === "late" && asked.length < 4) throw new DsecosError("Timeout", "It is late.");
      return { level: "basic", desc: "D", default: false, daemon_default: "", other: 1 };
    },
  });
  const known = new SettingHelp(link);
  const first = await known.of(["a", "mgr/x", "late"]);
  expect([...first.keys()]).toEqual(["a", "mgr/x"]);
  expect(first.get("a")).toMatchObject({ fallback: "false", level: "basic", runtime: false });
  const second = await known.of(["a", "mgr/x", "late"]);
  expect([...second.keys()]).toEqual(["a", "mgr/x", "late"]);
  expect(asked).toEqual(["a", "mgr/x", "late", "late"]);
});

test("what daemons run with is kept once for all that have the same, without what monitors give", async () => {
  const link = answering({
    "config show": ({ who }) => [
      { name: "ms_cluster_mode", value: "secure", source: "file" },
      { name: "debug_ms", value: "1", source: "mon" },
      { name: "crush_location", value: `host=${who}`, source: "file" },
      { name: "leveldb_log", value: "", source: "default" },
    ],
  });
  const daemons = new DaemonSettings(link);
  const names = Array.from({ length: 30 }, (_unused, id) => `osd.${id}`);
  await daemons.renew(names);
  expect(daemons.all().get("osd.7")?.get("ms_cluster_mode")).toBe("secure");
  const found = daemons.differing();
  expect(found).toHaveLength(31);
  expect(found.find(({ name }) => name === "ms_cluster_mode")).toMatchObject({
    ...{ daemonCount: 30, value: "secure", source: "file", daemons: names.slice(0, 20) },
  });
});
