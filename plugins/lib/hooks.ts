/** Hooks that tie components to the agent, the address and the visibility of the page. */
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { connectionState, onConnection } from "./connection.ts";
import { type PageError, type PageErrorCode, toPageError } from "./errors.ts";

export interface Query<T> {
  data: T | undefined;
  error: PageError | undefined;
  /** True until the first answer to the present question. */
  loading: boolean;
  refresh(): void;
}

interface QueryOptions<T> {
  /** Asked again this often while the page is visible, in milliseconds. */
  every?: number;
  /** Registers what tells that the answer may have changed; gives how to stop. */
  changes?: (changed: () => void) => () => void;
  /** An answer that is already on its way, for the first load. */
  first?: Promise<T> | undefined;
}

/** Failures that pass by themselves, for example while an engine starts. */
const passing: readonly PageErrorCode[] = ["Unavailable", "Timeout", "NotRunning", "Disconnected"];
const retryMs = 5000;

/** Signals that come closer together than this are one refresh, in milliseconds. */
const coalesce = 150;

/**
 * Asks, and asks again when told, when the agent comes back and when the page is seen again.
 * @param key names the question; the old answer stays until a new question is answered
 */
export function useQuery<T>(
  key: string,
  load: () => Promise<T>,
  options: QueryOptions<T> = {},
): Query<T> {
  const [answer, setAnswer] = useState<{ key: string; data?: T; error?: PageError }>();
  const { every, changes } = options;
  const first = useRef(options.first);
  const loader = useRef(load);
  loader.current = load;
  const wanted = useRef(key);
  wanted.current = key;
  const busy = useRef(false);
  const again = useRef(false);
  const timer = useRef<number | undefined>(undefined);

  const run = useCallback(async () => {
    if (busy.current) {
      again.current = true;
      return;
    }
    busy.current = true;
    do {
      again.current = false;
      const asked = wanted.current;
      const early = first.current;
      first.current = undefined;
      try {
        const data = await (early ?? loader.current());
        if (asked === wanted.current) setAnswer({ key: asked, data });
        else again.current = true;
      } catch (cause) {
        const error = toPageError(cause);
        if (asked === wanted.current) {
          setAnswer((old) =>
            old?.key === asked && old.data !== undefined
              ? { key: asked, data: old.data, error }
              : { key: asked, error },
          );
        } else again.current = true;
      }
    } while (again.current);
    busy.current = false;
  }, []);

  const refresh = useCallback(() => {
    if (document.hidden || cockpit.hidden || timer.current !== undefined) return;
    timer.current = window.setTimeout(() => {
      timer.current = undefined;
      void run();
    }, coalesce);
  }, [run]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new key is a new question.
  useEffect(() => void run(), [key, run]);
  useEffect(() => changes?.(refresh), [changes, refresh]);
  useEffect(() => onConnection((state) => state === "open" && refresh()), [refresh]);
  useEffect(() => onVisible(refresh), [refresh]);
  useEffect(() => {
    if (!every) return;
    const interval = setInterval(refresh, every);
    return () => clearInterval(interval);
  }, [every, refresh]);
  useEffect(() => {
    if (!answer?.error || !passing.includes(answer.error.code)) return;
    const retry = setTimeout(refresh, retryMs);
    return () => clearTimeout(retry);
  }, [answer, refresh]);
  useEffect(() => () => clearTimeout(timer.current), []);

  return {
    data: answer?.data,
    error: answer?.key === key ? answer.error : undefined,
    loading: answer?.key !== key,
    refresh,
  };
}

function onVisible(callback: () => void): () => void {
  const check = () => {
    if (!document.hidden && !cockpit.hidden) callback();
  };
  document.addEventListener("visibilitychange", check);
  cockpit.addEventListener("visibilitychange", check);
  return () => {
    document.removeEventListener("visibilitychange", check);
    cockpit.removeEventListener("visibilitychange", check);
  };
}

export function useConnection(): "open" | "lost" {
  return useSyncExternalStore(onConnection, connectionState);
}

/** The present moment, renewed so that relative times stay true. */
export function useNow(everyMs = 15_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const interval = setInterval(() => {
      if (!document.hidden && !cockpit.hidden) setNow(Date.now());
    }, everyMs);
    return () => clearInterval(interval);
  }, [everyMs]);
  return now;
}
