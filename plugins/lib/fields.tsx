/** Form fields that say what is wrong with their value. */
import "@patternfly/react-styles/css/components/Form/form.css";
import {
  FormSelect,
  FormSelectOption,
} from "@patternfly/react-core/dist/esm/components/FormSelect";
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import { useId, useState } from "react";

interface FieldProps {
  label: string;
  value: string;
  change: (value: string) => void;
  /** What is wrong with the value; empty when nothing is. */
  problem?: string;
  hint?: string;
  required?: boolean;
}

interface FrameProps {
  id: string;
  label: string;
  required: boolean;
  message: string;
  bad: boolean;
  children: React.ReactNode;
}

function FieldFrame(props: FrameProps) {
  return (
    <div className="pf-v6-c-form__group">
      <div className="pf-v6-c-form__group-label">
        <label className="pf-v6-c-form__label" htmlFor={props.id}>
          <span className="pf-v6-c-form__label-text">{props.label}</span>
          {props.required && (
            <span className="pf-v6-c-form__label-required" aria-hidden="true">
              {" "}
              *
            </span>
          )}
        </label>
      </div>
      <div className="pf-v6-c-form__group-control">
        {props.children}
        <div
          id={`${props.id}-help`}
          className={`ds-field-help${props.bad ? " ds-bad" : ""}`}
          aria-live="polite"
        >
          {props.message}
        </div>
      </div>
    </div>
  );
}

/** Complains only once something was typed, or the field was left. */
export function TextField(
  props: FieldProps & {
    type?: "text" | "number" | "date";
    autoFocus?: boolean;
    /** What can be chosen instead of being typed. */
    offers?: readonly string[];
  },
) {
  const id = useId();
  const [touched, setTouched] = useState(false);
  const bad = Boolean(props.problem) && (touched || props.value !== "");
  return (
    <FieldFrame
      id={id}
      label={props.label}
      required={props.required ?? false}
      message={bad ? (props.problem ?? "") : (props.hint ?? "")}
      bad={bad}
    >
      <TextInput
        id={id}
        type={props.type ?? "text"}
        value={props.value}
        onChange={(_event, value) => props.change(value)}
        onBlur={() => setTouched(true)}
        validated={bad ? "error" : "default"}
        aria-describedby={`${id}-help`}
        isRequired={props.required ?? false}
        autoComplete="off"
        spellCheck={false}
        {...(props.autoFocus ? { autoFocus: true } : {})}
        {...(props.offers ? { list: `${id}-offers` } : {})}
      />
      {props.offers && (
        <datalist id={`${id}-offers`}>
          {props.offers.map((offer) => (
            <option key={offer} value={offer} />
          ))}
        </datalist>
      )}
    </FieldFrame>
  );
}

export function ChoiceField(
  props: FieldProps & { options: readonly { value: string; label: string }[] },
) {
  const id = useId();
  return (
    <FieldFrame
      id={id}
      label={props.label}
      required={props.required ?? false}
      message={props.problem || props.hint || ""}
      bad={Boolean(props.problem)}
    >
      <FormSelect
        id={id}
        value={props.value}
        onChange={(_event, value) => props.change(value)}
        aria-describedby={`${id}-help`}
      >
        {props.options.map(({ value, label }) => (
          <FormSelectOption key={value} value={value} label={label} />
        ))}
      </FormSelect>
    </FieldFrame>
  );
}

export function CheckField(props: {
  label: string;
  value: boolean;
  change: (value: boolean) => void;
}) {
  const id = useId();
  return (
    <div className="ds-check">
      <input
        id={id}
        type="checkbox"
        checked={props.value}
        onChange={(event) => props.change(event.currentTarget.checked)}
      />
      <label htmlFor={id}>{props.label}</label>
    </div>
  );
}
