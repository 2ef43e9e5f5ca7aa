/** Keys of a cluster: what capabilities allow, which are as strong as the admin's, and who reaches whose data. */
import { describe, expect, test } from "vitest";
import { ClusterFacts } from "../../agent/ceph/facts/facts.ts";
import type { KeyringFilter, KeyringRow } from "../../agent/ceph/keyrings/answers.ts";
import { parseGrants } from "../../agent/ceph/keyrings/grants.ts";
import { keyringsQuestion } from "../../agent/ceph/keyrings/question.ts";
import { grantWords } from "../../agent/ceph/keyrings/words.ts";
import { baseCluster } from "../lib/ceph-base.ts";

type Caps = Record<string, string>;

const anything: KeyringFilter = {
  ...{ search: "", holder: [], flagged: false, sort: "strength", descending: false },
  ...{ cursor: "", limit: 100 },
};

function ask(
  entities: Record<string, Caps>,
  filter: Partial<KeyringFilter> = {},
  problems: ClusterFacts["problems"] = {},
) {
  const facts = new ClusterFacts();
  const put = (name: "osdmap" | "entities", value: unknown) =>
    facts.put(name, "2026-11-22T14:00:00.000Z", new TextEncoder().encode(JSON.stringify(value)));
  put("osdmap", baseCluster().osdmap);
  const auth_dump = Object.entries(entities).map(([entity, caps]) => ({ entity, caps }));
  put("entities", { auth_dump });
  return keyringsQuestion.answer(new ClusterFacts(facts, problems), {
    ...{ filter: { ...anything, ...filter }, own: "client.dsecos" },
  });
}

function one(caps: Caps, entity = "client.someone", others: Record<string, Caps> = {}): KeyringRow {
  const row = ask({ ...others, [entity]: caps }).rows.find((each) => each.entity === entity);
  if (row === undefined) throw new Error("it is not in the list");
  return row;
}

describe("a key is as strong as the admin's", () => {
  test.each([
    "allow *",
    "allow rx",
    "allow rwx",
    "allow service auth rx",
    "allow service auth *",
    "allow r, allow service auth x",
    "allow r, allow command 'auth get'",
    'allow command "auth ls"',
    "allow command 'auth get-or-create'",
    "allow command 'fs authorize'",
    "profile role-definer",
    "allow profile mgr",
    "allow r network 10.0.0.0/8, allow rwx network 10.0.0.1/32",
  ])("with %s", (mon) => {
    expect(one({ mon })).toMatchObject({ strength: "admin", flagged: true });
  });

  test.each([
    ["allow r", "limited"],
    ["allow r, allow command 'config-key ls'", "limited"],
    ["allow command 'auth get' with entity=client.someone", "limited"],
    ["profile rbd", "limited"],
    ["profile simple-rados-client", "limited"],
    ["allow service auth r", "limited"],
    ["allow rw", "operates"],
    ["allow r, allow service osd rw", "operates"],
    ["allow r, allow command 'config-key get'", "tenants"],
    ["allow service config-key r", "tenants"],
    ["allow r, let me in", "unclear"],
  ])("and is not with %s", (mon, strength) => {
    expect(one({ mon }).strength).toBe(strength);
  });
});

const acme = {
  mon: "allow r fsname=fs",
  mds: "allow rw fsname=fs path=/volumes/acme/acme.a/1",
  osd: "allow rw pool=tenants-uk namespace=fsvolumens_acme.a, profile rbd pool=tenants-uk namespace=acme",
};
const other = { osd: "allow rw pool=tenants-uk namespace=fsvolumens_other.a" };
const tenants = { "client.dsecos.acme": acme, "client.dsecos.other": other };

describe("a key reaches tenants' data", () => {
  test.each([
    ["allow rw pool=tenants-uk", ["acme", "other"]],
    ["allow r pool tenants-uk namespace fsvolumens_other.a", ["other"]],
    ["allow r pool=tenants-uk namespace=fsvolumens_*", ["acme", "other"]],
    ['allow r namespace="fsvolumens_acme"*', ["acme"]],
    ["allow rw tag cephfs *=*", []],
    ["allow rw tag rbd *=*", ["acme", "other"]],
    ["profile rbd-read-only pool=tenants-uk namespace=acme", ["acme"]],
    ["allow rw pool=tenants-ae", []],
    ["allow rw pool=tenants-uk namespace=''", []],
    ["allow r object_prefix x pool=tenants-uk", ["acme", "other"]],
    ["allow class rbd metadata_list pool=tenants-uk object_prefix rbd_info", []],
    ["allow class rbd metadata_list pool=tenants-uk", ["acme", "other"]],
    ["allow class rbd pool=tenants-uk object_prefix rbd_info", ["acme", "other"]],
    ["allow class cls_x pool tenants-uk namespace fsvolumens_other.a", ["other"]],
  ])("with %s: %j", (osd, reached) => {
    const base = one({ osd }, "client.backup", tenants);
    expect(base.tenants).toEqual(reached);
    expect(base.flagged).toBe(base.tenants.length > 0);
  });

  test("and of its own tenant that is as it should be, of another's never", () => {
    const rows = ask(tenants).rows;
    expect(rows.map(({ strength, flagged, tenant }) => [strength, flagged, tenant])).toEqual([
      ...[
        ["limited", false, "acme"],
        ["limited", false, "other"],
      ],
    ]);
    const marked = {
      "client.dsecos.acme": { osd: "allow rwx namespace=acme.db tag rbd *=*" },
      "client.dsecos.other": { osd: "allow rw pool=tenants-uk namespace=acme.db" },
    };
    expect(ask(marked).rows.map(({ tenants: reached }) => reached)).toEqual([["other"], ["acme"]]);
    const shared = { ...tenants, "client.dsecos.other": { osd: `${other.osd}, ${acme.osd}` } };
    const [first, second] = ask(shared, { sort: "entity" }).rows;
    expect(first).toMatchObject({ strength: "tenants", tenants: ["other"], flagged: true });
    expect(second).toMatchObject({ strength: "tenants", tenants: ["acme"], tenantCount: 1 });
  });

  test("and everybody's with OSDs or files that are bound to nothing, even while there is no tenant", () => {
    expect(one({ osd: "allow r" })).toMatchObject({ strength: "tenants", tenants: [] });
    expect(one({ mds: "allow" }).findings.join()).toContain("names of every file");
    expect(one({ mds: "allow r path=/a" }).strength).toBe("limited");
    expect(one({ osd: "profile rbd" }).strength).toBe("tenants");
    expect(one({ osd: "allow class rbd" }).strength).toBe("tenants");
  });
});

test("the key of a tenant with volumes of every kind is as it should be", () => {
  const key = {
    mon: "allow r, allow r fsname=fs",
    mds: "allow rw fsname=fs path=/volumes/acme/acme.a/1",
    osd: "allow class rbd metadata_list pool=disks object_prefix rbd_info, allow rw pool=tenants-uk namespace=fsvolumens_acme.a, allow rwx namespace=acme.db tag rbd dsecos=block",
  };
  const row = one(key, "client.dsecos.acme", { "client.dsecos.other": other });
  expect(row).toMatchObject({ strength: "limited", flagged: false, findings: [] });
  expect(row.caps.flatMap(({ means }) => means)).toContain(
    "Reads settings for block images of disks.",
  );
});

test("daemons, the admin and bootstrap keys are what their names say, and flagged only beyond that", () => {
  const page = ask({
    "client.admin": { mon: "allow *", osd: "allow *", mds: "allow *", mgr: "allow *" },
    "osd.3": { mgr: "allow profile osd", mon: "allow profile osd", osd: "allow *" },
    "mgr.x": { mds: "allow *", mon: "allow profile mgr", osd: "allow *" },
    "mds.a": { mds: "allow", mon: "allow profile mds", osd: "allow rw tag cephfs *=*" },
    "client.bootstrap-osd": { mon: "allow profile bootstrap-osd" },
    "client.bootstrap-rgw": { mon: "allow *" },
    "client.dsecos": { mon: "allow r, allow service auth rwx", osd: "allow r" },
  });
  const found = page.rows.map(({ entity, holder, flagged }) => [entity, holder, flagged]);
  expect(found.sort()).toEqual([
    ["client.admin", "admin", false],
    ["client.bootstrap-osd", "bootstrap", false],
    ["client.bootstrap-rgw", "bootstrap", true],
    ["client.dsecos", "agent", true],
    ["mds.a", "daemon", false],
    ["mgr.x", "daemon", false],
    ["osd.3", "daemon", false],
  ]);
  expect(page).toMatchObject({ known: true, flagged: 2, total: 7 });
  expect(page.rows[0]?.strength).toBe("admin");
});

test("keys are found by name, holder and capability, and nothing is known where it is refused", () => {
  const some = { ...tenants, "client.admin": { mon: "allow *" } };
  const names = (filter: Partial<KeyringFilter>) => ask(some, filter).rows.map((row) => row.entity);
  expect(names({ search: "other NAMESPACE" })).toEqual(["client.dsecos.other"]);
  expect(names({ holder: ["admin"] })).toEqual(["client.admin"]);
  expect(names({ flagged: true })).toEqual([]);
  const refused = ask(some, {}, { entities: "The agent may not." });
  expect(refused).toMatchObject({ known: false, rows: [], missing: ["The agent may not."] });
});

test("an answer that still has a key in it is not read at all", () => {
  const facts = new ClusterFacts();
  const auth_dump = [{ entity: "client.x", key: "AQBsecret==", caps: {} }];
  facts.put("entities", "", new TextEncoder().encode(JSON.stringify({ auth_dump })));
  let message = "";
  try {
    facts.get("entities");
  } catch (error) {
    message = String(error);
  }
  expect(message).toContain("of another form");
  expect(message).not.toContain("AQBsecret");
});

test.each([
  ["mon", "allow r", "Reads the cluster's maps and state."],
  ["mon", "allow rx", "Reads the cluster's maps and state, and reads every key."],
  ["mon", "allow profile bootstrap-osd", "Makes keys for new daemons and clients of the kind osd."],
  [
    "mon",
    "allow command 'auth get' with entity prefix client.",
    "“auth get”, with certain arguments only.",
  ],
  ["osd", "allow *", "May do everything with objects in every pool, in every namespace."],
  ["osd", "allow rw tag cephfs data=fs", "Reads and writes objects in pools of cephfs (data=fs)."],
  [
    "osd",
    "profile rbd pool=a namespace=b",
    "Reads and writes block images in the pool a, in the namespace b.",
  ],
  [
    "osd",
    "allow rwx pool=a namespace='' network 10.0.0.0/8",
    "the namespace without a name. Only from 10.0.0.0/8.",
  ],
  [
    "mds",
    "allow rwps fsname=fs path=/a",
    "Reads and writes names of files below /a of fs, and their quotas",
  ],
  ["mds", "allow rw path=/a uid=1 gids=1,2", "Reads and writes names of files below /a."],
  ["mgr", "allow module volumes rw", "of its module volumes of the manager that read and change."],
  ["osd", "allow everything", "This is not understood here"],
])("of %s, %s is told in words", (daemon, text, words) => {
  const grants = parseGrants(text);
  expect(grants).toHaveLength(1);
  expect(grants.map((grant) => grantWords(daemon, grant)).join()).toContain(words);
});
