/** Tests that are steps of one walk. */
import { afterEach, beforeEach } from "vitest";

/** Registers that a step that failed takes the ground from under those after it. */
export function asWalk(): void {
  let stumbled = false;
  beforeEach(({ skip }) => skip(stumbled, "an earlier step failed"));
  afterEach(({ task }) => {
    if (task.result?.state === "fail") stumbled = true;
  });
}
