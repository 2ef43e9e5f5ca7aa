import * as v from "valibot";
import { describe, expect, it } from "vitest";
import {
  actionId,
  defineInterface,
  document,
  type Interface,
  roles,
  text,
} from "../../agent/bus/contract.ts";
import { busPolicy, membersOf } from "../../agent/bus/derive/bus-policy.ts";
import { introspectionXml } from "../../agent/bus/derive/introspection.ts";
import { allActions, polkitActions, polkitRules } from "../../agent/bus/derive/polkit.ts";
import { publishedSchemas } from "../../agent/bus/derive/schemas.ts";
import { contracts } from "../../agent/contracts.ts";

const keys = defineInterface({
  name: "org.dsecos.Keys1",
  subsystem: "keys",
  description: 'Keys & "locks".',
  path: "/org/dsecos/keys",
  actions: {
    read: { description: "See keys", roles: ["viewer"] },
    rotateNow: { description: "Rotate <keys>", roles: ["officer"] },
  },
  methods: {
    List: {
      description: "All keys.",
      in: [],
      out: document("keys", v.array(v.object({ id: v.string() })), "The keys."),
      action: "read",
    },
    Rotate: {
      description: "Make a new key.",
      in: [text("key", v.string(), "Which key.")],
      out: text("job", v.string(), "Id of the job."),
      action: "rotateNow",
      changes: true,
      approvals: 2,
    },
  },
  signals: { Changed: text("key", v.string(), "Which key.") },
});

/** Runs a rules file as polkitd would, against a person's groups. */
function decide(rules: string, action: string, groups: string[]): unknown {
  const rule: { decide?: (action: object, subject: object) => unknown } = {};
  const polkit = {
    Result: { YES: "yes", NOT_HANDLED: null },
    addRule: (added: (action: object, subject: object) => unknown) => {
      rule.decide = added;
    },
  };
  new Function("polkit", rules)(polkit);
  return rule.decide?.({ id: action }, { isInGroup: (name: string) => groups.includes(name) });
}

describe("introspection", () => {
  it("describes members, arguments and what they ask for", () => {
    const xml = introspectionXml([keys], ["a1"]);
    expect(xml).toContain('value="Keys &amp; &quot;locks&quot;."');
    expect(xml).toContain(`    <method name="Rotate">
      <annotation name="org.gtk.GDBus.DocString" value="Make a new key."/>
      <annotation name="org.dsecos.Action" value="org.dsecos.keys.rotate-now"/>
      <annotation name="org.dsecos.Changes" value="true"/>
      <annotation name="org.dsecos.Approvals" value="2"/>
      <arg name="key" type="s" direction="in">
        <annotation name="org.gtk.GDBus.DocString" value="Which key."/>
      </arg>`);
    expect(xml).toContain('<signal name="Changed">\n      <arg name="key" type="s">');
    expect(xml).toContain('<annotation name="org.dsecos.Encoding" value="json"/>');
    expect(xml).toContain('  <node name="a1"/>\n</node>');
  });
});

describe("bus policy", () => {
  const block = (policy: string, role: string) =>
    policy.split(`<policy group="dsecos-${role}">`)[1]?.split("</policy>")[0] ?? "";

  it("gives each group its members and nothing else", () => {
    const policy = busPolicy([keys]);
    expect(block(policy, "viewer")).toContain(
      'send_interface="org.dsecos.Keys1" send_member="List"',
    );
    expect(block(policy, "viewer")).not.toContain("Rotate");
    expect(block(policy, "officer")).toContain('send_member="Rotate"');
    expect(block(policy, "auditor")).not.toContain("send_member");
  });

  it("never lets a group change what no action of its own allows", () => {
    for (const definition of contracts) {
      for (const [name, method] of Object.entries(definition.methods)) {
        for (const role of roles) {
          const may = definition.actions[method.action]?.roles.includes(role);
          expect(membersOf(definition, role).includes(name)).toBe(may);
        }
      }
    }
  });
});

describe("polkit", () => {
  it("knows every action of the contracts, each denied by default", () => {
    const xml = polkitActions(contracts);
    const ids = allActions(contracts).map(([id]) => id);
    expect(ids.length).toBeGreaterThan(15);
    for (const id of ids) expect(xml).toContain(`<action id="${id}">`);
    expect(xml).not.toMatch(/<allow_(any|inactive|active)>(?!no<)/);
    expect(polkitActions([keys])).toContain("<description>Rotate &lt;keys&gt;</description>");
  });

  it("decides for every action, role and group exactly as the contracts say", () => {
    for (const role of roles) {
      const rules = polkitRules(contracts, role);
      for (const [id, action] of allActions(contracts)) {
        const expected = action.roles.includes(role) ? "yes" : null;
        expect(decide(rules, id, [`dsecos-${role}`])).toBe(expected);
        expect(decide(rules, id, ["users"])).toBe(null);
      }
      expect(decide(rules, "org.freedesktop.systemd1.manage-units", [`dsecos-${role}`])).toBe(null);
    }
  });

  it("refuses one action said in two ways", () => {
    const other: Interface = {
      ...keys,
      name: "org.dsecos.Key1",
      actions: { ...keys.actions, read: { description: "See keys", roles: ["auditor"] } },
    };
    expect(() => allActions([keys, other])).toThrow(/org.dsecos.keys.read is defined twice/);
    expect(actionId(keys, "rotateNow")).toBe("org.dsecos.keys.rotate-now");
  });
});

describe("published schemas", () => {
  it("has one for every JSON document and survives checks written in code", () => {
    const names = publishedSchemas(contracts).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain("org.dsecos.Tenants1.Create.spec");
    expect(names).toContain("org.dsecos.Job1.Changed.record");
  });

  it("asks only for what the agent asks for", () => {
    const spec = publishedSchemas(contracts).find((one) => one.name.endsWith("Create.spec"));
    expect(spec?.schema).toMatchObject({
      type: "object",
      required: ["domain", "quota"],
      properties: { quota: { required: ["cpu", "ram", "storage"] } },
    });
  });
});
