/** Short messages at the edge of the page; read aloud by screen readers. */
import {
  Alert,
  AlertActionCloseButton,
  AlertGroup,
} from "@patternfly/react-core/dist/esm/components/Alert";
import { type ReactNode, useSyncExternalStore } from "react";

interface Toast {
  id: number;
  variant: "success" | "danger" | "info" | "warning";
  title: string;
  body?: ReactNode;
}

let toasts: readonly Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

function set(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

function dismiss(id: number): void {
  set(toasts.filter((toast) => toast.id !== id));
}

/** A failure stays until it is dismissed; everything else goes after six seconds. */
export function toast(variant: Toast["variant"], title: string, body?: ReactNode): void {
  last += 1;
  const id = last;
  set([...toasts.slice(-4), { id, variant, title, ...(body === undefined ? {} : { body }) }]);
  if (variant !== "danger") setTimeout(() => dismiss(id), 6000);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <AlertGroup isToast isLiveRegion>
      {shown.map(({ id, variant, title, body }) => (
        <Alert
          key={id}
          component="h2"
          variant={variant}
          title={title}
          actionClose={<AlertActionCloseButton title={title} onClose={() => dismiss(id)} />}
        >
          {body}
        </Alert>
      ))}
    </AlertGroup>
  );
}
