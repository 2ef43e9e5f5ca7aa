/** Files that a page lets the browser save. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Visit } from "./harness.ts";

export interface Saved {
  /** As the page called it. */
  name: string;
  text: string;
}

/** Waits for the whole file that the page saves when `act` is done. */
export async function download({ page }: Visit, act: () => Promise<void>): Promise<Saved> {
  const directory = mkdtempSync(join(tmpdir(), "dsecos-download-"));
  const session = await page.createCDPSession();
  const { id = "" } = page.browserContext();
  try {
    await session.send("Browser.setDownloadBehavior", {
      ...{ behavior: "allowAndName", browserContextId: id },
      ...{ downloadPath: directory, eventsEnabled: true },
    });
    const saved = new Promise<Saved>((resolve, reject) => {
      let name = "";
      session.on("Browser.downloadWillBegin", ({ suggestedFilename }) => {
        name = suggestedFilename;
      });
      session.on("Browser.downloadProgress", ({ state, guid }) => {
        if (state === "completed") {
          resolve({ name, text: readFileSync(join(directory, guid), "utf8") });
        } else if (state === "canceled") reject(new Error(`${name} was not saved`));
      });
    });
    await act();
    return await saved;
  } finally {
    await session.detach();
    rmSync(directory, { recursive: true });
  }
}
