/** A driver of a file's own beside the stack's: the real program over SoftHSM in a store of its own. */
import { cpSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { hsmPaths } from "../../packaging/setup/components/softhsm.js";
import type { HsmBed } from "../lib/hsm-driver.ts";

/**
 * Lets the stack's agent have it, which notices its file by itself.
 *
 * @param name behind the stack's own in the alphabet, since the node's own tokens are made by the first
 * @returns how to take it away
 */
export function addDriver(name: string, { configFile, socket }: HsmBed): () => void {
  const stateDirectory = process.env.DSECOS_TEST_STATE ?? "";
  const { hsmDirectory, hsmSockets } = hsmPaths({ stateDirectory });
  const file = join(hsmDirectory, `${name}.json`);
  const link = join(hsmSockets, `${name}.sock`);
  symlinkSync(socket, link);
  cpSync(configFile, file);
  return () => {
    rmSync(file);
    rmSync(link);
  };
}
