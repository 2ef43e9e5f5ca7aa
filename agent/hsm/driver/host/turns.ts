/** Lets everybody else of this process have a turn in the midst of long work. */

const turnMs = 4;

/** @returns a function to call between pieces of the work; it gives undefined while time is left. */
export function turns(): () => Promise<void> | undefined {
  let began = performance.now();
  return () => {
    if (performance.now() - began < turnMs) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        began = performance.now();
        resolve();
      });
    });
  };
}
