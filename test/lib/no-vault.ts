/** Stands for keys of volumes where no volume is encrypted: refuses whatever is asked. */
import { DsecosError } from "../../agent/bus/errors.ts";
import type { VolumeKeys } from "../../agent/hsm/volumes/types.ts";

const refuse = () =>
  Promise.reject(new DsecosError("NotFound", "There are no tokens in this test."));

export const noVault: VolumeKeys = {
  ...{ make: refuse, look: refuse, wrap: refuse, open: refuse },
  ...{ schedule: refuse, keep: refuse, destroy: refuse },
};
