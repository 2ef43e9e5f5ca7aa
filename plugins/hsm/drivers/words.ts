/** Words and colours for what the contract names by keys. */
import type { Assurance, DriverRow, PinSeal } from "../../../agent/hsm/drivers/answers.ts";
import { _, format } from "../../lib/i18n.ts";
import type { TagColor } from "../../lib/tag.tsx";

export const driverColors: Record<DriverRow["state"], TagColor> = {
  ready: "green",
  starting: "blue",
  restarting: "orange",
  failed: "red",
  badFile: "red",
};

export function driverStateName(state: DriverRow["state"]): string {
  const names = {
    ready: _("works"),
    starting: _("starting"),
    restarting: _("begun anew"),
    failed: _("failed"),
    badFile: _("its file is wrong"),
  };
  return names[state];
}

export const assuranceColors: Record<Assurance["kind"], TagColor> = {
  hardware: "green",
  software: "orange",
  unknown: "grey",
};

export function assuranceName({ kind, validated }: Assurance): string {
  if (kind === "unknown") return _("unknown, counts as software");
  if (kind === "software") return _("software, not validated");
  return validated === "claimed"
    ? _("hardware, validation entered by the operator")
    : _("hardware, not validated");
}

export function pinSealName(seal: PinSeal): string {
  const names = {
    tpm: _("sealed to the TPM"),
    tpmAndHost: _("sealed to the TPM and to this machine"),
    host: _("encrypted with a key of this machine"),
    none: _("not sealed"),
    unknown: _("unknown"),
  };
  return names[seal];
}

/** Whether somebody who has the disk has the PIN. */
export const pinIsWeak = (seal: PinSeal): boolean => seal !== "tpm" && seal !== "tpmAndHost";

/** What a person runs to bring a driver back or to see why it does not come. */
export function driverCommands({ name, state, file }: DriverRow): string[] {
  if (state === "badFile") return [`sensible-editor ${file}`];
  return [
    `systemctl restart dsecos-hsm@${name}.socket dsecos-hsm@${name}.service`,
    `journalctl --unit dsecos-hsm@${name}.service --lines 50`,
  ];
}

export function driverRemedy({ state, reason }: DriverRow): string {
  if (state === "badFile") {
    return format(_("$0 Correct the file; it is read again by itself."), reason);
  }
  if (state === "starting")
    return _("It was begun just now. If it stays so, look into its journal:");
  if (state === "restarting") {
    return _(
      "It is begun anew by itself, within 30 seconds. If it stays so, do it by hand or look into its journal:",
    );
  }
  return _("Its process cannot be reached. Start it by hand, and look into its journal:");
}
