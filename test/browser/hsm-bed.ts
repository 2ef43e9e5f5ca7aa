/** A tenant with a token of the stack's own driver, and what a second officer does beside the browser. */
import { readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { hsm } from "../../agent/hsm/contract.ts";
import type { TokenPage } from "../../agent/hsm/tokens/answers.ts";
import type { Component } from "../../packaging/setup/components/types.js";
import { until } from "../../packaging/setup/lib/wait.js";
import { createStack } from "../../packaging/setup/stack.js";
import { Person } from "../lib/caller.ts";
import { people } from "../lib/test-stack.js";
import { approveOne, createTenant, finished, removeTenant, withStaff } from "./people.ts";

export const driver = "softhsm";

const tokens = () => join(process.env.DSECOS_TEST_HSM_STATE ?? "", "tokens");

export interface Bed {
  readonly officer: Person;
  /** Another officer than the one of the browser and of `officer`. */
  readonly second: Person;
  /** Takes the token's directory away from SoftHSM. @returns how to bring it back */
  takeTokenAway(): () => void;
  /** The same with the driver's file. */
  takeDriverFileAway(): () => void;
  /** The process that has the module. */
  readonly driver: Component;
}

/**
 * Registers that a tenant with a token is there during the tests of a file. In the end its token goes
 * with all keys, which otherwise takes a week.
 */
export function withToken(tenant: string): Bed {
  const staff = withStaff();
  let second: Person | undefined;
  let directory = "";
  const stack = createStack({
    ...{ mode: "private" as const, stateDirectory: process.env.DSECOS_TEST_STATE ?? "" },
    components: ["bus", "polkit", "policies", "incus", "softhsm", "agent"],
  });
  const bed: Bed = {
    driver: stack.component("softhsm"),
    get officer() {
      return staff.officer;
    },
    get second() {
      if (!second) throw new Error("the second officer is not there yet");
      return second;
    },
    takeTokenAway() {
      const away = join(tokens(), "..", `away-${directory}`);
      renameSync(join(tokens(), directory), away);
      return () => renameSync(away, join(tokens(), directory));
    },
    takeDriverFileAway() {
      const file = join(stack.context.stateDirectory, "hsm.d", `${driver}.json`);
      renameSync(file, `${file}.away`);
      return () => renameSync(`${file}.away`, file);
    },
  };
  beforeAll(async () => {
    second = await Person.as(people.officer2);
    await createTenant(staff.operator, tenant);
    const before = readdirSync(tokens());
    await staff.officer.call(hsm, "CreateToken", tenant, driver);
    directory = readdirSync(tokens()).find((name) => !before.includes(name)) ?? "";
  });
  afterAll(async () => {
    if (readdirSync(tokens()).includes(directory)) bed.takeTokenAway();
    await until(
      "the token to be missed",
      30,
      async () => (await stateOf(bed, tenant)) === "absent",
    );
    const id = `${driver}/${tenant}`;
    await staff.officer.try(hsm, "ForgetToken", id);
    await approve(bed.second, "ForgetToken");
    await staff.officer.call(hsm, "ForgetToken", id);
    await removeTenant(staff.operator, staff.officer, tenant);
    second?.end();
  });
  return bed;
}

async function stateOf({ officer }: Bed, tenant: string): Promise<string> {
  const page = (await officer.call(hsm, "Tokens", { tenant })) as TokenPage;
  return page.rows[0]?.state ?? "";
}

export async function createKey(officer: Person, tenant: string, name: string, algorithm: string) {
  const id = await officer.call(hsm, "CreateKey", tenant, { name, algorithm });
  await finished(officer, String(id));
}

/** Approves what waits for somebody else of this member. */
export const approve = (second: Person, member: string): Promise<void> =>
  approveOne(second, `hsm.${member}`);
