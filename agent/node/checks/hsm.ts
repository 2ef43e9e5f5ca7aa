import type { CheckDefinition, DriverFact, Finding } from "./types.ts";

const buy = "Connect a hardware HSM and write its driver file.";

const named = (drivers: readonly DriverFact[]) => drivers.map(({ name }) => name).join(", ");

export const hsm: CheckDefinition = {
  id: "hsm",
  title: "HSM",
  why: "Keys in a software HSM lie on the disk, where root can copy them.",
  command: "dsecos hsm get-drivers",
  find: async (_system, facts) => judge(await facts.drivers()),
};

/** The worst of all drivers: a key may be in any of them. */
function judge(drivers: readonly DriverFact[]): Finding {
  if (drivers.length === 0) {
    return { verdict: "bad", fact: "There is no HSM: no driver is set up.", remedy: buy };
  }
  const down = drivers.filter(({ ready }) => !ready);
  if (down.length > 0) {
    const fact = `The HSM of driver ${named(down)} does not work: ${down[0]?.reason}`;
    return { verdict: "bad", fact, remedy: "The page of keys says what to do." };
  }
  const unknown = drivers.filter(({ kind }) => kind === "unknown");
  if (unknown.length > 0) {
    const fact = `Whether the HSM of driver ${named(unknown)} is hardware could not be asked.`;
    return { verdict: "unknown", fact, remedy: "It counts as software until its token is there." };
  }
  const soft = drivers.filter(({ kind }) => kind === "software");
  if (soft.length > 0) {
    const fact = `The HSM of driver ${named(soft)} is software, and not validated.`;
    return { verdict: "warning", fact, remedy: buy };
  }
  const plain = drivers.filter(({ validated }) => validated === "no");
  if (plain.length > 0) {
    const fact = `The HSM of driver ${named(plain)} is hardware without a FIPS certificate.`;
    return { verdict: "warning", fact, remedy: "Enter its certificate in the driver file." };
  }
  const fact = `The HSM of driver ${named(drivers)} is hardware; its FIPS certificate is the operator's word.`;
  return { verdict: "good", fact };
}
