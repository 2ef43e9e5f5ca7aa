/** A button that says why it cannot be used, instead of disappearing. */
import { Button, type ButtonProps } from "@patternfly/react-core/dist/esm/components/Button";
import { useId, useState } from "react";
import { Floating } from "./floating.tsx";

interface Props extends Omit<ButtonProps, "ref"> {
  /** Undefined when the button can be used. */
  why: string | undefined;
}

export function ActionButton({ why, ...rest }: Props) {
  const id = useId();
  const [anchor, setAnchor] = useState<Element>();
  if (!why) return <Button {...rest} />;
  const hide = () => setAnchor(undefined);
  return (
    <>
      <Button
        {...rest}
        isAriaDisabled
        aria-describedby={id}
        onMouseEnter={(event) => setAnchor(event.currentTarget)}
        onMouseLeave={hide}
        onFocus={(event) => setAnchor(event.currentTarget)}
        onBlur={hide}
      />
      <span id={id} hidden>
        {why}
      </span>
      {anchor && (
        <Floating anchor={anchor} className="ds-tooltip">
          {why}
        </Floating>
      )}
    </>
  );
}
