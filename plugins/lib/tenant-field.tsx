/** A tenant's name as somebody types it, with those that there are to choose from. */
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import { useEffect, useId, useState } from "react";
import { type TenantFilter, tenants } from "../../agent/tenants/contract.ts";
import { client } from "./client.ts";
import { useQuery } from "./hooks.ts";
import { _ } from "./i18n.ts";

const mostOffered = 50;
/** Milliseconds after the last key before the agent is asked. */
const typingPause = 300;

/** @returns names of tenants that contain the text; none while they are not known */
export function useTenantNames(search: string): readonly string[] {
  const [asked, setAsked] = useState(search);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(search), typingPause);
    return () => clearTimeout(timer);
  }, [search]);
  const filter: TenantFilter = {
    ...{ search: asked.slice(0, 100), state: [], classification: [], jurisdiction: [] },
    ...{ troubled: false, sort: "name", descending: false, cursor: "", limit: mostOffered },
  };
  const { data } = useQuery(`tenants ${asked}`, () => client(tenants).List(filter));
  return data?.rows.map(({ name }) => name) ?? [];
}

interface Props {
  label: string;
  /** As it stands in the address. */
  tenant: string;
  placeholder?: string;
  /** Told when a whole name stands there, or nothing. */
  change: (tenant: string) => void;
}

/** For toolbars: what is chosen holds at once. */
export function TenantFilterField({ label, tenant, placeholder, change }: Props) {
  const list = useId();
  const [text, setText] = useState(tenant);
  const names = useTenantNames(text);
  useEffect(() => setText(tenant), [tenant]);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change(text.trim());
      }}
    >
      <TextInput
        className="ds-search"
        aria-label={label}
        placeholder={placeholder ?? _("All tenants")}
        list={list}
        value={text}
        maxLength={100}
        onChange={(_event, value) => {
          setText(value);
          if (value === "" || names.includes(value)) change(value);
        }}
        onBlur={() => text !== tenant && change(text.trim())}
        autoComplete="off"
        spellCheck={false}
      />
      <datalist id={list}>
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </form>
  );
}
