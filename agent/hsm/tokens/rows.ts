/** Rows of the list of tokens: what is declared beside what drivers say is there. */
import { DsecosError } from "../../bus/errors.ts";
import type { TokenInfo } from "../driver/types.ts";
import { assuranceOf } from "../drivers/assurance.ts";
import type { Drivers, OpenedDriver } from "../drivers/drivers.ts";
import type { TokenRow, TokenState } from "./answers.ts";
import type { DeclaredToken } from "./declared.ts";
import { nodeLabel, rehearsalLabel, tokenId } from "./label.ts";
import { isAway, type Known, type TokenBook } from "./tokens.ts";

export interface RowParts {
  drivers: Drivers;
  book: TokenBook;
  node: string;
  /** Keys that are not destroyed, of a token that was read; undefined else. */
  keysOf: (id: string) => number | undefined;
  /** What is wrong inside, as the newest reconciliation found it. */
  alarmsOf: (id: string) => readonly string[];
}

interface Place {
  opened?: OpenedDriver;
  /** Undefined where nobody could be asked; then `away` says why. */
  infos?: ReadonlyMap<string, TokenInfo>;
  away: string;
}

export async function tokenRows(parts: RowParts): Promise<TokenRow[]> {
  const { drivers, book } = parts;
  const places = new Map<string, Place>();
  await Promise.all(
    drivers.all().map(async (opened) => {
      places.set(opened.name, await placeOf(opened, book));
    }),
  );
  const known = await book.known();
  const rows = known.map((one) => rowOf(one, places.get(one.declared.driver), parts));
  const declared = new Set(rows.map(({ id }) => id));
  for (const { opened, infos } of places.values()) {
    if (opened === undefined || infos === undefined) continue;
    for (const info of infos.values()) {
      const id = tokenId(opened.name, info.label);
      if (!declared.has(id)) rows.push(undeclaredRow(id, opened, info));
    }
  }
  return rows;
}

async function placeOf(opened: OpenedDriver, book: TokenBook): Promise<Place> {
  const { state, reason } = opened.driver.status();
  if (state !== "ready") return { opened, away: reason || `The driver ${opened.name} starts.` };
  try {
    return { opened, infos: await book.infos(opened), away: "" };
  } catch (error) {
    if (!(error instanceof DsecosError) || !isAway(error)) throw error;
    return { opened, away: error.message };
  }
}

function rowOf({ tenant, declared }: Known, place: Place | undefined, parts: RowParts): TokenRow {
  const { driver, label, region, createdAt, createdBy, node } = declared;
  const id = tokenId(driver, label);
  const info = place?.infos?.get(label);
  const { state, trouble } = stateOf(declared, place, info, parts.node);
  const troubles = trouble === "" ? [] : [trouble];
  const config = place?.opened?.config;
  if (config !== undefined && config.region !== region) {
    troubles.push(
      `It was made for ${region} and its driver's file now says ${config.region}; put the file right, or nothing of it can be used.`,
    );
  }
  if (info !== undefined && declared.serial !== "" && info.serial !== declared.serial) {
    troubles.push(
      `Its serial number is ${info.serial} and was ${declared.serial}: another token has its label; find out who put it there.`,
    );
  }
  if (info?.pinFinalTry) troubles.push("One more wrong PIN locks it; put its credential right.");
  troubles.push(...parts.alarmsOf(id));
  return {
    ...{ id, driver, label, tenant, region, state, createdAt, createdBy, node, troubles },
    assurance: assuranceOf(info === undefined ? [] : [info], config?.fips),
    serial: info?.serial ?? declared.serial,
    manufacturer: info?.manufacturer ?? "",
    model: info?.model ?? "",
    firmware: info?.firmwareVersion ?? "",
    keys: parts.keysOf(id) ?? null,
    freeBytes: info === undefined || info.freePrivateBytes < 0 ? null : info.freePrivateBytes,
  };
}

function stateOf(
  declared: DeclaredToken,
  place: Place | undefined,
  info: TokenInfo | undefined,
  node: string,
): { state: TokenState; trouble: string } {
  const isElsewhere = declared.node !== node && info === undefined;
  if (place?.opened === undefined) {
    if (isElsewhere) return { state: "elsewhere", trouble: "" };
    const trouble = `Its driver ${declared.driver} is not set up on this node; bring its file back.`;
    return { state: "driverDown", trouble };
  }
  if (place.infos === undefined) return { state: "driverDown", trouble: place.away };
  if (isElsewhere) return { state: "elsewhere", trouble: "" };
  if (info === undefined && declared.serial === "") {
    const trouble = "It was never finished; create it again.";
    return { state: "uninitialized", trouble };
  }
  if (info === undefined) {
    const trouble =
      "It is gone, which does not mean that its keys are; bring it back from its backup, then let Reconcile look for it. Nothing of it was changed.";
    return { state: "absent", trouble };
  }
  if (!info.initialized) {
    return { state: "uninitialized", trouble: "It has no PIN yet; create it again." };
  }
  if (info.pinLocked || info.login === "pinLocked") {
    const trouble = "It locked its PIN; its security officer resets it with ResetPin.";
    return { state: "pinLocked", trouble };
  }
  if (info.login === "pinWrong") {
    const trouble =
      "It refused the PIN, which is not tried again by itself; put the credential right, then RetryPin.";
    return { state: "pinWrong", trouble };
  }
  return { state: "ready", trouble: "" };
}

function undeclaredRow(id: string, opened: OpenedDriver, info: TokenInfo): TokenRow {
  const { name: driver, config } = opened;
  const isOwn = info.label === nodeLabel || info.label === rehearsalLabel;
  const trouble = isOwn
    ? "It is a node's own token and this node does not know it; find out where it comes from."
    : "No tenant has it, so nothing of it is used: an earlier tenant's, or somebody else's.";
  return {
    ...{ id, driver, label: info.label, tenant: "", region: config.region },
    state: info.initialized ? "ready" : "uninitialized",
    assurance: assuranceOf([info], config.fips),
    serial: info.serial,
    manufacturer: info.manufacturer,
    model: info.model,
    firmware: info.firmwareVersion,
    keys: null,
    freeBytes: info.freePrivateBytes < 0 ? null : info.freePrivateBytes,
    ...{ createdAt: "", createdBy: "", node: "" },
    troubles: [trouble],
  };
}
