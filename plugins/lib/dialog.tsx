/**
 * One dialog at a time, opened from anywhere by `showDialog(<Some />)`. Focus goes back to where it
 * was, or to the page's heading where that has gone meanwhile.
 */
import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import {
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
} from "@patternfly/react-core/dist/esm/components/Modal";
import { type FormEvent, type ReactNode, useId, useState, useSyncExternalStore } from "react";
import { toPageError } from "./errors.ts";
import { _ } from "./i18n.ts";

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

interface DialogProps {
  title: string;
  /** What the button does; without it the dialog only shows something. */
  action?: string;
  danger?: boolean;
  /** What stands in the way of the action; undefined when nothing does. */
  invalid?: boolean;
  size?: "small" | "medium" | "large";
  /** Closes the dialog when it resolves, unless it showed another one; else shows why it failed. */
  run?: () => Promise<void>;
  /** Turns a failure into something better than a message; undefined for the usual. */
  explain?: (error: ReturnType<typeof toPageError>) => ReactNode | undefined;
  children: ReactNode;
}

export function Dialog(props: DialogProps) {
  const title = useId();
  const form = useId();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ReactNode>();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!props.run || props.invalid || busy) return;
    setBusy(true);
    setFailure(undefined);
    try {
      const own = shown;
      await props.run();
      if (shown === own) closeDialog();
    } catch (cause) {
      const error = toPageError(cause);
      setFailure(
        props.explain?.(error) ?? (
          <Alert isInline component="h2" variant="danger" title={error.message} />
        ),
      );
      setBusy(false);
    }
  };
  return (
    <Modal
      isOpen
      variant={props.size ?? "medium"}
      onClose={closeDialog}
      aria-labelledby={title}
      aria-describedby={form}
    >
      <ModalHeader title={props.title} labelId={title} />
      <ModalBody id={form}>
        {failure && (
          <div role="alert" className="ds-dialog-failure">
            {failure}
          </div>
        )}
        <form id={`${form}-form`} className="pf-v6-c-form" noValidate onSubmit={submit}>
          {props.children}
        </form>
      </ModalBody>
      <ModalFooter>
        {props.run && (
          <Button
            type="submit"
            form={`${form}-form`}
            variant={props.danger ? "danger" : "primary"}
            isLoading={busy}
            isDisabled={busy || props.invalid === true}
          >
            {props.action}
          </Button>
        )}
        <Button variant={props.run ? "link" : "secondary"} onClick={closeDialog}>
          {props.run ? _("Cancel") : _("Close")}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
