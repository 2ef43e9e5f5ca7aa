/** Waiting for the kernel's policy, which is given to one reader at a time. */
import { expect, test } from "vitest";
import { inTurn, inTurnSync } from "../../agent/selinux/one-reader.ts";

/** @returns a reader that is refused some times before it reads */
function refused(times: number, code = "EBUSY"): () => string {
  let left = times;
  return () => {
    if (left === 0) return "policy";
    left -= 1;
    throw Object.assign(new Error(code), { code });
  };
}

const ways: [string, (read: () => string, patience?: number) => Promise<string>][] = [
  ["a person's", async (read, patience) => inTurn(async () => read(), patience)],
  ["a thread's", async (read, patience) => inTurnSync(read, patience)],
];

for (const [whose, wait] of ways) {
  test(`${whose} turn comes when the reader before is done`, async () => {
    expect(await wait(refused(3))).toBe("policy");
  });

  test(`${whose} patience ends`, async () => {
    await expect(wait(refused(Number.POSITIVE_INFINITY), 1)).rejects.toThrow("EBUSY");
  });

  test(`${whose} other troubles are told at once`, async () => {
    const read = refused(1, "EACCES");
    await expect(wait(read)).rejects.toThrow("EACCES");
    expect(read()).toBe("policy");
  });
}
