import { describe, expect, it } from "vitest";
import { commandsOf } from "../../agent/bus/derive/commands.ts";
import { cellText, flatten } from "../../agent/cli/cells.ts";
import { progressLine } from "../../agent/cli/job.ts";
import { preferredColumns, present } from "../../agent/cli/output.ts";
import { table } from "../../agent/cli/table.ts";
import { harmless, lengthOf, painted } from "../../agent/cli/text.ts";
import { contracts } from "../../agent/contracts.ts";
import type { JobRecord } from "../../agent/jobs/contract.ts";

const wide = { width: Number.POSITIVE_INFINITY, colour: false };

function command(subsystem: string, member: string) {
  const found = commandsOf(contracts).find(
    (one) => one.subsystem === subsystem && one.member === member,
  );
  if (found === undefined) throw new Error(`no ${subsystem}.${member}`);
  return found;
}

const rows = [
  { name: "mod-defense", domain: "defense_t", limit: { cpu: 128, ramKib: 1048576 }, note: "" },
  { name: "hmrc", domain: "tax_t", limit: { cpu: 4, ramKib: 1572864 }, note: "" },
];

describe("tables", () => {
  it("flatten nested records, format sizes and leave out what is empty", () => {
    expect(table(rows, ["domain"], wide)).toEqual([
      "DOMAIN     NAME         LIMIT CPU  LIMIT RAM",
      "defense_t  mod-defense  128        1 GiB",
      "tax_t      hmrc         4          1.5 GiB",
    ]);
  });

  it.each([20, 30, 40, 79])("fit %d columns", (width) => {
    const long = rows.map((row) => ({ ...row, text: "a long text ".repeat(20) }));
    for (const line of table(long, ["name"], { width, colour: false })) {
      expect(lengthOf(line)).toBeLessThanOrEqual(width);
    }
  });

  it("colour words of state only where asked", () => {
    expect(painted("good ", true)).toBe("\u001b[32mgood \u001b[0m");
    expect(painted("good ", false)).toBe("good ");
    expect(painted("mod-defense", true)).toBe("mod-defense");
  });

  it("prefer columns that the contracts really have", () => {
    for (const [name, keys] of Object.entries(preferredColumns)) {
      const [subsystem = "", member = ""] = name.split(".");
      const schema = JSON.stringify(command(subsystem, member).method.out.schema);
      for (const key of keys) expect(schema).toContain(`"${key.split(".").at(-1)}"`);
    }
  });
});

describe("replies", () => {
  it("say when nothing was found and when more follows", () => {
    const list = command("tenants", "List");
    expect(present(list, { rows: [], total: 0, next: "" }, wide)).toBe("Nothing found.");
    const page = present(list, { rows: [{ name: "a" }], total: 7, next: "a" }, wide);
    expect(page).toContain("More follow: --cursor a");
    expect(page).toContain("1 of 7.");
  });

  it("show one record as names and values, lists of records as tables", () => {
    const text = present(
      command("tenants", "Show"),
      {
        tenant: { name: "t1" },
        storage: { enforced: false },
        restrictions: [{ key: "k", why: "w" }],
      },
      wide,
    );
    expect(text.split("\n")).toEqual([
      "tenant name       t1",
      "storage enforced  no",
      "",
      "restrictions:",
      "KEY  WHY",
      "k    w",
    ]);
  });

  it("show what changed, newest first, and the last hour as bars", () => {
    const at = "2026-11-01T12:00:00.000Z";
    const change = { sequence: 1, at, node: "node2", what: "health", of: "hsm", since: at };
    const reply = {
      ...{ at, node: "node1", since: at, nodes: ["node2"], forgotten: 3, total: 2, next: "1" },
      changes: [{ ...change, before: "bad", after: "\u001b[2J", times: 4 }],
      trends: [{ node: "node2", cpu: [null, 0, 50, 100], memory: [7], disk: [null] }],
    };
    const text = present(command("cluster", "History"), reply, wide).split("\n");
    expect(text[0]).toMatch(/^Since 2026-.*, when the agent of node1 began to look:$/);
    expect(text[2]).toMatch(/^AT +NODE +WHAT +OF +BEFORE +AFTER +TIMES +SINCE$/);
    expect(text[3]).toMatch(/ node2 +health +hsm +bad +�\[2J +4 /);
    expect(text.slice(5)).toEqual([
      "1 of 2. More follow: --cursor 1",
      "3 older ones were forgotten.",
      "",
      "node2, the last hour:",
      "cpu      ▁▅█  0 to 100 %",
      "memory  ▁  7 to 7 %",
      "disk       not known",
    ]);
    const none = { ...reply, changes: [], total: 0, next: "", forgotten: 0, trends: [] };
    expect(present(command("cluster", "History"), none, wide)).toMatch(
      /^Nothing changed since .*, when the agent of node1 began to look\.$/,
    );
  });

  it("let nobody steer the terminal", () => {
    const text = present(command("instances", "Log"), "boot\n\u001b[2Jgone\r\u202e\n", wide);
    expect(text).toBe("boot\n�[2Jgone��");
    expect(harmless("a\tb\nc")).toBe("a\tb\nc");
  });

  it("show times in the person's time zone and lists in a line", () => {
    expect(cellText("at", "2026-01-31T12:00:00.000Z")).toMatch(/^2026-0[12]-\d\d \d\d:\d\d:\d\d$/);
    expect(cellText("addresses", ["10.0.0.1", "fd00::1"])).toBe("10.0.0.1, fd00::1");
    expect(cellText("receivedBytes", "1048576")).toBe("1 MiB");
    expect([...flatten({ a: { b: { c: 1 } } })]).toEqual([["a.b.c", 1]]);
  });

  it("show how far a job is", () => {
    const record = { done: 5, total: 10, step: "web-005", title: "T" } as JobRecord;
    expect(progressLine(record)).toBe("[##########          ] 5/10 web-005");
  });
});

describe("policies", () => {
  const policy = "9".repeat(64);

  it("are told with whole names and what happened to them", () => {
    const event = { at: "2026-11-01T12:00:00.000Z", sequence: 7 };
    const events = [
      { ...event, event: "rolled back", actor: "agent", reason: "nobody confirmed it in time" },
      { ...event, event: "built", actor: "otto", reason: "" },
    ];
    const row = { policy, state: "kept", problem: "", statement: null, events };
    const reply = { rows: [row], total: 3, next: "1" };
    const text = present(command("selinux", "Policies"), reply, { width: 40, colour: false });
    expect(text).toMatch(new RegExp(`^${policy}  kept\n    .* rolled back by agent: nobody`));
    expect(text).toMatch(/ built by otto\n\nMore follow: --cursor 1\n1 of 3\.$/);
  });

  it("are compared with slots and what gives more rights first", () => {
    const side = { policy, rules: policy };
    const reply = {
      ...{ before: side, after: side, same: false, total: 1, next: "" },
      weakens: ["Rules of access: 1 difference may give more rights."],
      slots: {
        added: [
          [65, 66],
          [90, 90],
        ],
        removed: [],
      },
      counts: [{ section: "rules", added: 1, removed: 0, weakens: 1 }],
      rows: [
        { section: "rules", change: "added", weakens: true, text: "allow a_t b_t:file { read }" },
      ],
    };
    const text = present(command("selinux", "Compare"), reply, wide);
    expect(text.split("\n").slice(0, 2)).toEqual([
      "Rules of access: 1 difference may give more rights.",
      "Slots more: 65-66, 90",
    ]);
    expect(text).toContain("added   yes      rules    allow a_t b_t:file { read }");
    const equal = present(command("selinux", "Compare"), { ...reply, same: true }, wide);
    expect(equal).toBe("Both say the same.");
  });
});
