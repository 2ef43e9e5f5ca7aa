/** Follows the record: what is new comes by itself, and waits where it would be in the way. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { AuditPage } from "../../agent/audit/answers.ts";
import { type AuditEntry, audit } from "../../agent/audit/contract.ts";
import { listen } from "../lib/client.ts";
import { type PageError, toPageError } from "../lib/errors.ts";

/** Two questions for what is new are at least this far apart, in milliseconds. */
const everyMs = 1000;
/** More than this is no following any more: the list begins anew. */
const most = 1000;

interface Tail {
  /** Newest first; not in the page yet. */
  fresh: readonly AuditEntry[];
  error: PageError | undefined;
}

/**
 * @param page the newest page; undefined while nothing is to be followed
 * @param load asks for what came after a size of the log
 * @param restart called when too much is new
 */
export function useTail(
  page: AuditPage | undefined,
  load: (after: number) => Promise<AuditPage>,
  restart: () => void,
): Tail {
  const [tail, setTail] = useState<Tail>({ fresh: [], error: undefined });
  const known = useRef(0);
  const asked = useRef({ page, load, restart });
  asked.current = { page, load, restart };

  /** @returns false when it is better to wait for the next sign. */
  const ask = useCallback(async (): Promise<boolean> => {
    const { page: before, load: from, restart: again } = asked.current;
    if (!before) return false;
    try {
      const { rows, size, next } = await from(known.current);
      if (asked.current.page !== before) return false;
      if (next !== "") {
        again();
        return false;
      }
      known.current = size;
      setTail(({ fresh }) => ({ fresh: [...rows, ...fresh], error: undefined }));
      return true;
    } catch (cause) {
      const error = toPageError(cause);
      setTail(({ fresh }) => ({ fresh, error }));
      return false;
    }
  }, []);

  useEffect(() => {
    known.current = page?.size ?? 0;
    setTail({ fresh: [], error: undefined });
    if (!page) return;
    let newest = page.size;
    let busy = false;
    let over = false;
    const run = async () => {
      if (busy) return;
      busy = true;
      while (!over && newest > known.current && (await ask())) {
        await new Promise((resolve) => setTimeout(resolve, everyMs));
      }
      busy = false;
    };
    const stop = listen(audit, "Appended", (size) => {
      newest = size;
      if (!document.hidden && !cockpit.hidden) void run();
    });
    return () => {
      over = true;
      stop();
    };
  }, [page, ask]);

  useEffect(() => {
    if (tail.fresh.length > most) asked.current.restart();
  }, [tail.fresh.length]);
  return tail;
}
