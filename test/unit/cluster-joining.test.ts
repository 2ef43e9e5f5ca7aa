import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { joiningText } from "../../agent/cli/joining.ts";
import { isWithin, parseAddress } from "../../agent/cluster/joining/address.ts";
import { address } from "../../agent/cluster/joining/checks/address.ts";
import { clock } from "../../agent/cluster/joining/checks/clock.ts";
import { firewall } from "../../agent/cluster/joining/checks/firewall.ts";
import { peer } from "../../agent/cluster/joining/checks/peer.ts";
import { posture } from "../../agent/cluster/joining/checks/posture.ts";
import { readInvitation } from "../../agent/cluster/joining/invitation.ts";
import { firewallSchema } from "../../agent/node/firewall/declared.ts";
import { noFilter } from "../lib/cluster-facts.ts";

const own = parseAddress("10.1.0.4") as NonNullable<ReturnType<typeof parseAddress>>;
const other = parseAddress("10.1.0.2") as typeof own;

describe("an address", () => {
  test.each([
    ["10.1.0.4", "10.1.0.4:8443"],
    ["10.1.0.4:9443", "10.1.0.4:9443"],
    ["fd00::4", "[fd00::4]:8443"],
    ["[fd00::4]:9443", "[fd00::4]:9443"],
  ])("%s is %s", (text, whole) => {
    expect(parseAddress(text)?.text).toBe(whole);
  });

  test.each([
    ...["", "node1", "10.1.0", "10.1.0.256", "10.1.0.4:0", "10.1.0.4:65536", "10.1.0.4:x"],
    ...["[10.1.0.4]", "[fd00::4", "10.1.0.0/16", "fd00::4]", "10.1.0.4 "],
  ])("“%s” is none", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test("is within networks and addresses", () => {
    expect(isWithin("10.1.0.4", ["192.0.2.1", "10.1.0.0/16"])).toBe(true);
    expect(isWithin("fd00::4", ["fd00::4"])).toBe(true);
    expect(isWithin("10.2.0.4", ["10.1.0.0/16", "fd00::/8"])).toBe(false);
  });

  test("has to be this node's, and on no tenants' network", () => {
    const traffic = { state: "up", receivedBytes: "0", sentBytes: "0" };
    const links = [
      { name: "eth0", addresses: ["10.1.0.4/16", "fd00::4/64"], ...traffic },
      { name: "incusbr0", addresses: ["10.9.0.1/24"], ...traffic },
      { name: "lan", addresses: ["10.8.0.1/24"], ...traffic },
    ];
    const networks = { links, tenantBridges: ["incusbr*"], managed: ["lan"] };
    const verdict = (text: string, by = other) =>
      address(parseAddress(text) as typeof own, by, networks);
    expect(verdict("10.1.0.4")).toMatchObject({ verdict: "good", fact: "10.1.0.4 is on eth0." });
    expect(verdict("[fd00::4]:8443").verdict).toBe("good");
    expect(verdict("10.1.0.4", parseAddress("10.2.0.1")).fact).toContain("behind a router");
    expect(verdict("10.1.0.5").fact).toContain("no address of this node");
    expect(verdict("127.0.0.1").verdict).toBe("bad");
    expect(verdict("10.9.0.1").fact).toContain("incusbr0, a network of tenants");
    expect(verdict("10.8.0.1").fact).toContain("lan, a network of tenants");
    expect(verdict("10.1.0.4", own).fact).toContain("the member that invites");
  });
});

test("the packet filter has to let the member in, and nobody else", () => {
  const declared = (text: object) => v.parse(firewallSchema, text);
  const loaded = { ...noFilter, state: "loaded" as const, fact: "loaded", remedy: "" };
  const verdict = (text: object, at = own) => firewall(at, other, loaded, declared(text));
  expect(verdict({ members: ["10.1.0.0/24"] }).verdict).toBe("good");
  expect(verdict({ members: ["10.1.0.3"] })).toMatchObject({
    verdict: "bad",
    remedy: expect.stringContaining("Add 10.1.0.2 to “firewall.members”"),
  });
  const odd = parseAddress("10.1.0.4:9443") as typeof own;
  expect(verdict({ members: ["10.1.0.2"] }, odd).fact).toContain("opens port 9443 to no member");
  const ranged = { members: ["10.1.0.2"], memberPorts: ["8443", "9000-9500"] };
  expect(verdict(ranged, odd).verdict).toBe("good");
  expect(firewall(own, other, noFilter, undefined)).toMatchObject({ verdict: "warning" });
});

test("a clock that cannot be asked is unknown, unless it is behind the invitation", () => {
  const invited = { at: "2026-11-01T12:00:00.000Z", peer: "10.1.0.2:8443" };
  const now = Date.parse(invited.at);
  const told = (aheadMs: number) => ({ kind: "answers" as const, fingerprint: "", aheadMs });
  const notLet = { kind: "notLet" as const };
  expect(clock(invited, told(4_000), now).verdict).toBe("good");
  expect(clock(invited, told(61_000), now).fact).toContain("61 s behind that of 10.1.0.2:8443");
  expect(clock(invited, told(-61_000), now).fact).toContain("61 s ahead of that of");
  expect(clock(invited, notLet, now + 60_000).verdict).toBe("unknown");
  expect(clock(invited, notLet, now - 60_000).fact).toContain("60 s behind");
});

test("a way that was not tried is unknown", () => {
  const said = peer({ peer: "10.1.0.2:8443", certificate: "" } as never, { kind: "notLet" });
  expect(said).toMatchObject({ verdict: "unknown", fact: expect.stringContaining("not tried") });
});

test("what weakens a node is said, and hinders nothing", () => {
  const found = {
    id: "tpm",
    verdict: "bad",
    fact: "There is no TPM.",
    remedy: "Use one.",
  } as const;
  expect(posture("tpm", [found as never])).toMatchObject({
    verdict: "warning",
    remedy: "Use one.",
  });
  expect(posture("selinux", [])).toMatchObject({ verdict: "unknown" });
});

test("what is no invitation is refused without a word of it", () => {
  const secret = "abcdefgh".repeat(8);
  const texts = [secret, `{"token":"${secret}"`, `{"format":2,"token":"${secret}"}`, ""];
  for (const text of texts) {
    const read = () => readInvitation(Buffer.from(text).toString("base64"));
    expect(read).toThrow("This is no invitation");
    expect(read).not.toThrow(secret);
  }
});

test("what was checked is told whole, with what to do and how to begin", () => {
  const text = (ready: boolean) =>
    joiningText(
      {
        ...{ node: "node3", address: "10.1.0.4:8443", cluster: "ab".repeat(32), ready },
        peer: "10.1.0.2:8443",
        checks: [
          {
            id: "tpm",
            title: "TPM",
            verdict: "warning",
            fact: "There is none.",
            remedy: "Use one.",
          },
        ],
      },
      { width: 60, colour: false },
    ).join("\n");
  expect(text(true)).toContain("warning  TPM\n         There is none.\n         Use one.");
  expect(text(true)).toContain(`dsecos cluster join node3 10.1.0.4:8443 ${"ab".repeat(32)}`);
  expect(text(false)).toContain("First put right what is bad.");
});
