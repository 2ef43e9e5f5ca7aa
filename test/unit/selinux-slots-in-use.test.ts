/** Which slots a policy must have, as Incus tells it; answers of Incus are given by a fake. */
import { expect, test } from "vitest";
import type { IncusClient } from "../../agent/incus/client.ts";
import { slotsInUse } from "../../agent/selinux/loads/slots-in-use.ts";

function fakeIncus(projects: Record<string, string | undefined>, pools: string[]): IncusClient {
  const answers: Record<string, unknown> = {
    "/1.0/projects": Object.entries(projects).map(([name, number]) => ({
      name,
      config: { "user.dsecos.tenant": "{}", "user.dsecos.selinux.number": number },
    })),
    "/1.0/storage-pools": pools.map((name) => ({ name })),
  };
  return { get: async (path: string) => answers[path] } as unknown as IncusClient;
}

test("tenants have the slots of their projects, and what lies in a pool keeps its slot", async () => {
  const projects = { default: undefined, "mod-defense": "7", "mod-health": "", hmrc: "120" };
  const pools = ["default", "tenant0007", "tenant0009", "tenant00099", "tenant0120"];
  expect(await slotsInUse(fakeIncus(projects, pools))).toEqual({
    tenants: [
      { name: "mod-defense", number: 7 },
      { name: "hmrc", number: 120 },
    ],
    quarantined: [9],
  });
});

test.each(["0", "10000", "07", "x", "-1", "1e3"])(
  "%j is no slot, and nothing is built",
  async (text) => {
    const asked = slotsInUse(fakeIncus({ hmrc: text }, []));
    await expect(asked).rejects.toThrow(/The project hmrc says .*, which is no slot/);
  },
);
