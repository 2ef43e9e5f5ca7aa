/** Which start of the system this is. Serial numbers of the kernel's audit are counted per start. */
import { readFile } from "node:fs/promises";

export interface Boot {
  /** First 8 hexadecimal digits of the kernel's random id of this start. */
  id: string;
  /** Milliseconds since 1970, by the clock as it is set now. */
  time: number;
}

export async function thisBoot(): Promise<Boot> {
  const [id, stat] = await Promise.all([
    readFile("/proc/sys/kernel/random/boot_id", "latin1"),
    readFile("/proc/stat", "latin1"),
  ]);
  const seconds = /^btime (\d+)$/m.exec(stat)?.[1];
  if (seconds === undefined) throw new Error("/proc/stat does not tell when the system started");
  return { id: id.slice(0, 8), time: Number(seconds) * 1000 };
}
