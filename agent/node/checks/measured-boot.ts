import type { BootReport } from "../boot/answers.ts";
import type { CheckDefinition, Finding } from "./types.ts";

const look = "Look at what differs with: dsecos node boot";

export const measuredBoot: CheckDefinition = {
  id: "measured-boot",
  title: "Measured boot",
  why: "The TPM cannot be talked out of what was started, from the firmware to the kernel: a change shows here.",
  command:
    "tpm2_pcrread sha256:0,1,2,3,4,5,6,7,8,9,14; tpm2_eventlog /sys/kernel/security/tpm0/binary_bios_measurements",
  find: async (_system, { boot }) => {
    const report = await boot();
    return { ...judge(report), sources: sourcesOf(report) };
  },
};

function judge(report: BootReport): Finding {
  const { state, problem, registers, accepted } = report;
  if (state === "no-tpm") {
    const remedy = "Use a node with a TPM 2.0 of hardware, enabled in the firmware’s set-up.";
    return { verdict: "bad", fact: `Nothing measured the start. ${problem}`, remedy };
  }
  if (state === "no-log") {
    const remedy = "Start the node by UEFI; a firmware that measures hands its log to the kernel.";
    return { verdict: "bad", fact: problem, remedy };
  }
  if (state === "unknown") {
    return { verdict: "unknown", fact: problem, remedy: "Mend what it says; then look again." };
  }
  const dark = registers.filter(({ explained }) => !explained);
  if (dark.length > 0) {
    const fact = `The log does not explain ${named(dark)}: something was measured that it does not tell, or it was changed.`;
    return { verdict: "bad", fact, remedy: `Take the node out of service. ${look}` };
  }
  if (accepted === null) {
    const fact = "The log explains all registers, but nobody has accepted this start as expected.";
    const remedy =
      "Compare it with the maker’s values, then: dsecos node boot; dsecos node accept-boot HASH REASON";
    return { verdict: "warning", fact, remedy };
  }
  const other = registers.filter(({ value, expected }) => value !== expected);
  if (other.length > 0) {
    const { length } = report.events.filter(({ isNew }) => isNew);
    const fact = `Another start than the accepted one: ${named(other)} differ, with ${length} measurements new and ${report.gone.length} gone.`;
    const remedy = `${look}. After an update that you know of: dsecos node accept-boot HASH REASON`;
    return { verdict: "bad", fact, remedy };
  }
  const fact = `The log explains all ${registers.length} registers, and they are as ${accepted.by} accepted them at ${accepted.at}.`;
  return { verdict: "good", fact };
}

function named(registers: BootReport["registers"]): string {
  return registers.map(({ pcr, holds }) => `register ${pcr} (${holds})`).join(", ");
}

function sourcesOf({ state, places, registers, events, accepted, problem }: BootReport) {
  if (state !== "measured") return [{ from: places.log, read: problem }];
  return [
    { from: places.log, read: `${events.length} measurements` },
    { from: `${places.tpm}: TPM2_PCR_Read SHA-256`, read: `${registers.length} registers` },
    { from: places.accepted, read: accepted === null ? "not there" : accepted.hash },
  ];
}
