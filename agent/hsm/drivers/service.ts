/** Answers about drivers. */
import type { Call } from "../../bus/call.ts";
import { explain, type Log } from "../../log.ts";
import { Cache } from "../../node/cache.ts";
import type { DriverFact } from "../../node/checks/types.ts";
import type { ModuleInfo, TokenInfo } from "../driver/types.ts";
import { DriverError } from "../driver/types.ts";
import { explainDriver, levelOfDriver } from "../errors.ts";
import type { DriverRow, DriversAnswer } from "./answers.ts";
import { assuranceOf } from "./assurance.ts";
import { readSealing } from "./credential.ts";
import type { Drivers, OpenedDriver } from "./drivers.ts";

/** Where systemd looks for credentials. */
const places = ["/etc", "/run", "/usr/lib"];
const stores = {
  sealed: places.map((place) => `${place}/credstore.encrypted`),
  plain: places.map((place) => `${place}/credstore`),
};
/** Pages that refresh together share one answer, in milliseconds. */
const lifetimeMs = 2_000;

export interface DriverAnswersParts {
  drivers: Drivers;
  directory: string;
  log: Log;
}

export function createDriverAnswers(parts: DriverAnswersParts) {
  const { drivers, directory } = parts;
  const answer = new Cache(lifetimeMs, async (): Promise<DriversAnswer> => {
    await drivers.load();
    const rows = await Promise.all(
      drivers.files.map(async ({ name, file, problem }) => {
        const opened = drivers.find(name);
        if (opened !== undefined) return rowOf(opened, file, parts.log);
        return badRow(name, file, problem ?? "It is not opened.");
      }),
    );
    return { at: new Date().toISOString(), directory, rows };
  });
  let answered = drivers.changes;
  function get(): Promise<DriversAnswer> {
    if (answered !== drivers.changes) answer.forget();
    answered = drivers.changes;
    return answer.get();
  }
  const getDrivers = (_call: Call) => get();
  /** For the checks of the node. */
  async function facts(): Promise<DriverFact[]> {
    const { rows } = await get();
    return rows.map(({ name, file, state, reason, assurance: { kind, validated } }) => ({
      ...{ name: name || file, ready: state === "ready", reason, kind, validated },
    }));
  }
  return { handlers: { GetDrivers: getDrivers }, facts };
}

async function rowOf(opened: OpenedDriver, file: string, log: Log): Promise<DriverRow> {
  const { name, config, driver } = opened;
  const status = driver.status();
  const [said, sealed] = await Promise.all([
    ask(opened, log),
    readSealing(stores, config.pin.credential, status.pinSource),
  ]);
  return {
    ...{ name, file },
    state: status.state,
    reason: status.reason === "" ? said.problem : status.reason,
    since: status.since,
    restarts: status.restarts,
    module: config.module,
    region: config.region,
    tokensAre: config.tokens === "created" ? "created" : "given",
    says: said.module,
    tokens: said.tokens?.filter(({ initialized }) => initialized).length ?? null,
    assurance: assuranceOf(said.tokens ?? [], config.fips),
    fips: config.fips ?? null,
    pin: { credential: config.pin.credential, source: status.pinSource, ...sealed },
  };
}

interface Said {
  module: ModuleInfo | null;
  tokens: TokenInfo[] | null;
  /** Why it says nothing; empty else. */
  problem: string;
}

async function ask({ name, driver }: OpenedDriver, log: Log): Promise<Said> {
  // What is not ready would only be waited for; its status says why.
  if (driver.status().state !== "ready") return { module: null, tokens: null, problem: "" };
  try {
    const [module, tokens] = await Promise.all([driver.module(), driver.tokens()]);
    return { module, tokens, problem: "" };
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    log(levelOfDriver(error), "a driver did not answer", { driver: name, error: explain(error) });
    const problem = explainDriver(error, { driver: name }).message;
    return { module: null, tokens: null, problem };
  }
}

function badRow(name: string, file: string, reason: string): DriverRow {
  return {
    ...{ name, file, reason },
    state: "badFile",
    since: "",
    restarts: 0,
    module: "",
    region: "",
    tokensAre: "created",
    says: null,
    tokens: null,
    assurance: assuranceOf([], undefined),
    fips: null,
    pin: { credential: "", source: "none", seal: "unknown", words: "" },
  };
}
