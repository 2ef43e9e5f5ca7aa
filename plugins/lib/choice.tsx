/** One of a few, beside a search field. */
import {
  FormSelect,
  FormSelectOption,
} from "@patternfly/react-core/dist/esm/components/FormSelect";

interface Props<T extends string> {
  label: string;
  value: T;
  options: readonly (readonly [value: T, label: string])[];
  change: (value: T) => void;
}

export function ChoiceMenu<T extends string>({ label, value, options, change }: Props<T>) {
  return (
    <FormSelect
      className="ds-pages-size"
      aria-label={label}
      value={value}
      onChange={(_event, chosen) => change(chosen as T)}
    >
      {options.map(([key, text]) => (
        <FormSelectOption key={key} value={key} label={text} />
      ))}
    </FormSelect>
  );
}
