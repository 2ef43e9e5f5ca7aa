/** Keys in PKCS#11 tokens: what can be asked, put together from its areas. */
import type { Call } from "../bus/call.ts";
import type { Handlers } from "../bus/contract.ts";
import type { Fingerprint } from "../bus/dispatch.ts";
import { explain, type Log } from "../log.ts";
import type { hsm } from "./contract.ts";
import { Drivers, type OpenDriver } from "./drivers/drivers.ts";
import { createDriverAnswers } from "./drivers/service.ts";

export interface HsmParts {
  log: Log;
  /** Directory of the driver files. */
  directory: string;
  /** Directory of the drivers' sockets. */
  sockets: string;
  open: OpenDriver;
  /** Told what changed: drivers, tokens, or keys and the tenant's name. */
  changed: (what: string) => void;
}

export interface HsmService {
  handlers: Handlers<typeof hsm, Call>;
  fingerprints: Record<string, Fingerprint>;
  /** Returns at once; drivers are opened in the background. */
  start(): void;
  stop(): Promise<void>;
}

export function createHsm(parts: HsmParts): HsmService {
  const { log, directory } = parts;
  const drivers = new Drivers({ ...parts, changed: () => parts.changed("drivers") });
  return {
    handlers: {
      ...createDriverAnswers({ drivers, directory, log }).handlers,
    },
    fingerprints: {},
    start() {
      drivers.load().catch((error) => {
        log("error", "the drivers of tokens were not opened", { error: explain(error) });
      });
    },
    stop: () => drivers.close(),
  };
}
