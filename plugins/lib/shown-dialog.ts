/**
 * One dialog at a time, opened from anywhere by `showDialog(<Some />)`. Focus goes back to where it
 * was, or to the page's heading where that has gone meanwhile. What dialogs are made of is not here:
 * a page may load that when one is opened first.
 */
import { type ReactNode, useSyncExternalStore } from "react";

let shown: ReactNode = null;
let opener: Element | null = null;
const listeners = new Set<() => void>();

function set(next: ReactNode): void {
  shown = next;
  for (const listener of listeners) listener();
}

export function showDialog(dialog: ReactNode): void {
  if (shown === null) {
    opener = document.activeElement;
    // The dialog hides the page from screen readers, and what is hidden must not have the focus.
    if (opener instanceof HTMLElement) opener.blur();
  }
  set(dialog);
}

export function closeDialog(): void {
  set(null);
  const target = opener;
  opener = null;
  setTimeout(() => {
    if (target instanceof HTMLElement && target.isConnected && target !== document.body) {
      target.focus();
    } else document.querySelector<HTMLElement>("h1")?.focus();
  });
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Dialogs() {
  return useSyncExternalStore(subscribe, () => shown);
}

/** @returns whether what is shown now still is */
export function shownNow(): () => boolean {
  const own = shown;
  return () => shown === own;
}
