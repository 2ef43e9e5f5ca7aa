/**
 * The generated bus policy in a real dbus-daemon, and the client against it. The groups of the
 * policy are replaced by groups that every Debian has, with the user of the same name in each.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AgentClient } from "../../agent/bus/client.ts";
import { BusConnection } from "../../agent/bus/connection.ts";
import { busName, type Interface, roles } from "../../agent/bus/contract.ts";
import { busPolicy, membersOf } from "../../agent/bus/derive/bus-policy.ts";
import { contracts } from "../../agent/contracts.ts";
import { tenants } from "../../agent/tenants/contract.ts";

/** Users and groups of base-passwd with the same number for both. */
const stand: Record<string, { group: string; id: number }> = {
  viewer: { group: "proxy", id: 13 },
  operator: { group: "mail", id: 8 },
  officer: { group: "news", id: 9 },
  auditor: { group: "uucp", id: 10 },
};
const stranger = { group: "nogroup", id: 65534 };

const possible =
  process.getuid?.() === 0 &&
  ["dbus-daemon", "gdbus"].every((name) => existsSync(`/usr/bin/${name}`));

describe.skipIf(!possible)("bus policy in a real bus", () => {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-bus-"));
  const socket = join(directory, "bus");
  let daemon: ChildProcess;
  let agent: BusConnection;

  beforeAll(async () => {
    chmodSync(directory, 0o755);
    let policy = busPolicy(contracts);
    for (const role of roles) {
      policy = policy.replaceAll(`dsecos-${role}`, stand[role]?.group ?? "");
    }
    writeFileSync(join(directory, "agent.conf"), policy);
    writeFileSync(join(directory, "bus.conf"), busConfiguration(socket));
    daemon = spawn(
      "dbus-daemon",
      [
        `--config-file=${join(directory, "bus.conf")}`,
        "--nofork",
        "--nopidfile",
        "--print-address",
      ],
      { stdio: ["ignore", "pipe", "ignore"] },
    );
    await new Promise((resolve, reject) => {
      daemon.stdout?.once("data", resolve);
      daemon.once("exit", () => reject(new Error("dbus-daemon ended")));
    });
    agent = await BusConnection.open(socket);
    agent.onCall = ({ head }) => {
      if (head.member === "Show") agent.replyError(head, "org.dsecos.Error.NotFound", "Not here.");
      else agent.reply(head, "s", ['"reached"']);
    };
    await agent.callDriver("RequestName", "su", [busName, 4]);
  });

  afterAll(() => {
    agent?.end();
    daemon?.kill();
    rmSync(directory, { recursive: true });
  });

  /** @returns whether the message came through to the agent. */
  async function reaches(who: { id: number }, definition: Interface, member: string) {
    const path = definition.object ? `${definition.path}/x` : definition.path;
    const bus = [`--bus=unix:path=${socket}`, "--print-reply", `--dest=${busName}`];
    try {
      await promisify(execFile)("dbus-send", [...bus, path, `${definition.name}.${member}`], {
        uid: who.id,
        gid: who.id,
        timeout: 10_000,
      });
      return true;
    } catch (error) {
      const text = String((error as { stderr?: string }).stderr);
      if (text.includes("AccessDenied")) return false;
      if (text.includes("org.dsecos.Error.NotFound")) return true;
      throw error;
    }
  }

  it.each(roles)("lets %s send what the contracts say and nothing else", async (role) => {
    const who = stand[role] ?? stranger;
    for (const definition of contracts) {
      for (const member of Object.keys(definition.methods)) {
        const expected =
          membersOf(definition, role).includes(member) || member === "GetCapabilities";
        const found = await reaches(who, definition, member);
        expect([definition.name, member, found]).toEqual([definition.name, member, expected]);
      }
    }
  });

  it("lets a stranger ask only who he is", async () => {
    for (const definition of contracts) {
      for (const member of Object.keys(definition.methods)) {
        expect(await reaches(stranger, definition, member)).toBe(member === "GetCapabilities");
      }
    }
  });

  it("sends signals to members of the groups and to nobody else", async () => {
    const listen = (who: { id: number }) => {
      const child = spawn(
        "gdbus",
        ["monitor", "--address", `unix:path=${socket}`, "--dest", busName],
        { uid: who.id, gid: who.id, stdio: ["ignore", "pipe", "ignore"] },
      );
      let text = "";
      child.stdout.on("data", (chunk) => {
        text += chunk;
      });
      return { child, heard: () => text.includes("Tenants1.Changed") };
    };
    const listeners = [listen(stand.viewer ?? stranger), listen(stranger)];
    const [viewer, other] = listeners;
    for (let attempt = 0; attempt < 30; attempt += 1) {
      // A few more once the member hears it, so that the stranger has had the time as well.
      if (viewer?.heard()) attempt = Math.max(attempt, 25);
      agent.emit(tenants.path, tenants.name, "Changed", "s", ["t1"]);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    for (const { child } of listeners) child.kill();
    expect(viewer?.heard()).toBe(true);
    expect(other?.heard()).toBe(false);
  });

  it("gives the client the agent's errors, and words for those of the bus", async () => {
    const client = await AgentClient.connect(socket);
    await expect(client.call(tenants, "Show", ["t1"])).rejects.toMatchObject({
      code: "NotFound",
      message: "Not here.",
    });
    expect(await client.call(tenants, "Suspend", ["t1"])).toBe('"reached"');
    const heard = new Promise((resolve) => {
      client.onSignal(tenants, "Changed", (value, path) => resolve([value, path]));
    });
    await client.call(tenants, "Suspend", ["t1"]);
    agent.emit(tenants.path, tenants.name, "Changed", "s", ["t2"]);
    expect(await heard).toEqual(["t2", tenants.path]);
    await agent.callDriver("ReleaseName", "s", [busName]);
    await expect(client.call(tenants, "Suspend", ["t1"])).rejects.toMatchObject({
      code: "Unavailable",
    });
    client.close();
    await expect(AgentClient.connect(`${socket}-none`)).rejects.toMatchObject({
      code: "Unavailable",
    });
  });
});

/** The strict part of Debian's system.conf. */
function busConfiguration(path: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <auth>EXTERNAL</auth>
  <listen>unix:path=${path}</listen>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  <include>agent.conf</include>
</busconfig>
`;
}
