/** A dialog with a form, which says why what it asked for failed. */
import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import {
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
} from "@patternfly/react-core/dist/esm/components/Modal";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { toPageError } from "./errors.ts";
import { _ } from "./i18n.ts";
import { closeDialog, showDialog, shownNow } from "./shown-dialog.ts";

/** With the dialog for those who have it anyway. */
export { showDialog };

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
      const isStill = shownNow();
      await props.run();
      if (isStill()) closeDialog();
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
