/** A button that says why it cannot be used, instead of disappearing. */
import { Button, type ButtonProps } from "@patternfly/react-core/dist/esm/components/Button";
import { type FocusEvent, type MouseEvent, useId, useState } from "react";
import { Floating } from "./floating.tsx";

interface Props extends Omit<ButtonProps, "ref"> {
  /** Undefined when the button can be used. */
  why: string | undefined;
}

export function ActionButton({ why, ...rest }: Props) {
  const id = useId();
  const [anchor, setAnchor] = useState<Element>();
  const hide = () => setAnchor(undefined);
  const explain = {
    isAriaDisabled: true,
    "aria-describedby": id,
    onMouseEnter: (event: MouseEvent) => setAnchor(event.currentTarget),
    onMouseLeave: hide,
    onFocus: (event: FocusEvent) => setAnchor(event.currentTarget),
    onBlur: hide,
  };
  // One and the same element in both states: what is focused or being pressed stays there when the
  // permissions arrive.
  return (
    <>
      <Button {...rest} {...(why ? explain : {})} />
      {why && (
        <span id={id} hidden>
          {why}
        </span>
      )}
      {why && anchor && (
        <Floating anchor={anchor} className="ds-tooltip">
          {why}
        </Floating>
      )}
    </>
  );
}
