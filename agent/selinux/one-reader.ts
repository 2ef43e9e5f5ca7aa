/**
 * The kernel gives its policy to one reader at a time and refuses others with EBUSY
 * (security/selinux/selinuxfs.c, sel_open_policy). Here they wait for their turn.
 */

/** Many times what one reader takes. */
const patienceMs = 10_000;
const pauseMs = 20;

/** @throws what `read` throws: EBUSY only after {@link patienceMs} */
export async function inTurn<T>(read: () => Promise<T>, patience = patienceMs): Promise<T> {
  for (const until = performance.now() + patience; ; ) {
    try {
      return await read();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= until) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** The same for a thread that has nothing else to do. */
export function inTurnSync<T>(read: () => T, patience = patienceMs): T {
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  for (const until = performance.now() + patience; ; ) {
    try {
      return read();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= until) throw error;
    }
    Atomics.wait(nobody, 0, 0, pauseMs);
  }
}

function isBusy(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EBUSY";
}
