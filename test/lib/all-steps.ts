import type { Steps } from "../../agent/audit/index/steps.ts";

/** Does the work without a turn for anybody else. */
export function allSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
