/** What a token says of itself, in words to be read aloud. */
import { DsecosError } from "../../bus/errors.ts";
import { asking } from "../errors.ts";
import type { Token } from "../parts.ts";
import type { Fact } from "./answers.ts";

/** Names of the facts of `tokenFacts`, as scripts list them. */
export const tokenFactNames = [
  "Token",
  "Serial",
  "Made by",
  "Hardware",
  "Firmware",
  "Region",
  "Certificate",
  "PIN",
] as const;

/**
 * Asks the token, and not what is remembered of it.
 * @throws DsecosError Unavailable where the token is not there
 */
export async function tokenFacts(token: Token): Promise<Fact[]> {
  const { driver, label } = token;
  const all = await asking({ driver: driver.name, token: token.id }, () => driver.tokens());
  const info = all.find((one) => one.initialized && one.label === label);
  if (info === undefined) {
    throw new DsecosError("Unavailable", `The token ${token.id} is not there; bring it back.`);
  }
  const { fips } = token.config;
  const hardware = info.hardware
    ? `hardware, version ${info.hardwareVersion}`
    : "SOFTWARE: its keys are kept by this machine alone";
  const pins = {
    open: "accepted",
    closed: "not tried yet",
    pinWrong: "REFUSED",
    pinLocked: "LOCKED",
  };
  return [
    { name: "Token", value: token.id },
    { name: "Serial", value: info.serial },
    { name: "Made by", value: `${info.manufacturer}, ${info.model}` },
    { name: "Hardware", value: hardware },
    { name: "Firmware", value: info.firmwareVersion },
    { name: "Region", value: token.region },
    {
      name: "Certificate",
      value:
        fips === undefined
          ? "none entered: not validated"
          : `${fips.standard} level ${fips.level}, number ${fips.certificate}, as ${fips.enteredBy} entered it`,
    },
    { name: "PIN", value: info.pinLocked ? pins.pinLocked : pins[info.login] },
  ];
}
