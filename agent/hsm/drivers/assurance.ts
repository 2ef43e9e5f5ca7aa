/** How far a token can be trusted, in words that an auditor accepts. */
import type { DriverConfig } from "../config.ts";
import type { TokenInfo } from "../driver/types.ts";
import type { Assurance } from "./answers.ts";

/**
 * A certificate is the operator's word, and counts for hardware alone: no software token that is
 * shipped with Debian is validated, whatever a file says.
 * @param tokens what the slots say of themselves; none where nobody could be asked
 */
export function assuranceOf(
  tokens: readonly Pick<TokenInfo, "hardware">[],
  fips: DriverConfig["fips"],
): Assurance {
  if (tokens.length === 0) {
    const words = "Unknown: no token could be asked. It counts as software that is not validated.";
    return { kind: "unknown", validated: "no", words };
  }
  if (!tokens.every(({ hardware }) => hardware)) {
    const but =
      fips === undefined
        ? ""
        : ` The driver file names FIPS certificate ${fips.certificate}, which does not cover a software token.`;
    const words = `Software token: keys are in files of this machine, protected by a PIN and not by hardware. Not FIPS validated.${but}`;
    return { kind: "software", validated: "no", words };
  }
  if (fips === undefined) {
    const words =
      "Hardware token, as its module says. No FIPS certificate was entered, so it counts as not validated.";
    return { kind: "hardware", validated: "no", words };
  }
  const { standard, level, certificate, enteredBy } = fips;
  const words = `Hardware token, as its module says. ${standard} level ${level}, certificate ${certificate}, as entered by ${enteredBy}; DsecOS did not check this.`;
  return { kind: "hardware", validated: "claimed", words };
}
