/** Fields for the addresses that certificates name; somebody serves the files there. */
import { rollSpecSchema } from "../../../agent/hsm/pki/answers.ts";
import { problemOf } from "../../lib/check.ts";
import { TextField } from "../../lib/fields.tsx";
import { _ } from "../../lib/i18n.ts";

export type Addresses = Record<"listUrl" | "issuerUrl" | "statusUrl", string>;

export const noAddresses: Addresses = { listUrl: "", issuerUrl: "", statusUrl: "" };

/** What is asked for: nothing is said of what stays empty as it was. */
export function changedAddresses(now: Addresses, before: Addresses): Partial<Addresses> {
  const changed: Partial<Addresses> = {};
  for (const key of ["listUrl", "issuerUrl", "statusUrl"] as const) {
    if (now[key] !== before[key]) changed[key] = now[key];
  }
  return changed;
}

export function AddressFields({
  value,
  change,
}: {
  value: Addresses;
  change: (value: Addresses) => void;
}) {
  const fields = [
    { key: "listUrl", label: _("Address of the list of revoked ones"), ending: ".crl" },
    { key: "issuerUrl", label: _("Address of the authority’s certificate"), ending: ".cer" },
    { key: "statusUrl", label: _("Address that answers about one (OCSP)"), ending: "" },
  ] as const;
  return (
    <>
      {fields.map(({ key, label, ending }) => (
        <TextField
          key={key}
          label={label}
          value={value[key]}
          problem={problemOf(rollSpecSchema, { [key]: value[key] })}
          hint={
            ending === "" ? "http://pki.example.org/ocsp" : `http://pki.example.org/{key}${ending}`
          }
          change={(text) => change({ ...value, [key]: text })}
        />
      ))}
    </>
  );
}
