/** Whose acts are shown, and why not more. */
import {
  FormSelect,
  FormSelectOption,
} from "@patternfly/react-core/dist/esm/components/FormSelect";
import { tenants } from "../../agent/tenants/contract.ts";
import { client } from "../lib/client.ts";
import { useQuery } from "../lib/hooks.ts";
import { _, format } from "../lib/i18n.ts";
import { type Scope, scopeText } from "./load.ts";
import { changeScope } from "./view.ts";

async function tenantNames(): Promise<string[]> {
  const filter = { search: "", state: [], classification: [], jurisdiction: [], troubled: false };
  const names: string[] = [];
  let cursor = "";
  do {
    const page = await client(tenants).List({
      ...filter,
      sort: "name",
      descending: false,
      cursor,
      limit: 1000,
    });
    names.push(...page.rows.map(({ name }) => name));
    cursor = page.next;
  } while (cursor !== "");
  return names;
}

/** For those who may not read everything: their own acts, or one tenant's record. */
export function ScopePicker({ scope, why }: { scope: Scope; why: string }) {
  const { data } = useQuery("tenant names", tenantNames);
  const listed = new Set(data);
  if (scope.kind === "tenant") listed.add(scope.tenant);
  return (
    <div className="ds-toolbar">
      <FormSelect
        className="au-period"
        aria-label={_("Whose events")}
        value={scopeText(scope)}
        onChange={(_event, value) => changeScope(value)}
      >
        <FormSelectOption value="own" label={_("My own acts")} />
        {[...listed].map((name) => (
          <FormSelectOption
            key={name}
            value={scopeText({ kind: "tenant", tenant: name })}
            label={format(_("Record of $0"), name)}
          />
        ))}
      </FormSelect>
      <span className="ds-subtle au-why">
        {_("You see your own acts and the record of each tenant; only auditors see everything.")}{" "}
        {why}
      </span>
    </div>
  );
}
