/** What a person types to declare a tenant, before it is sent. */
import { type Tenant, type TenantChange, tenantSpecSchema } from "../../agent/tenants/contract.ts";
import { problemOf } from "../lib/check.ts";

/** As typed. */
export interface Draft {
  displayName: string;
  classification: Tenant["classification"];
  jurisdiction: string;
  cpu: string;
  ram: string;
  storage: string;
  contacts: string;
}

const { displayName, jurisdiction, quota, contacts } = tenantSpecSchema.entries;

export function contactList(text: string): string[] {
  return text
    .split(",")
    .map((contact) => contact.trim())
    .filter(Boolean);
}

/** What is wrong with each field, empty where nothing is. */
export function draftProblems(draft: Draft): Record<keyof Draft, string> {
  return {
    displayName: problemOf(displayName, draft.displayName),
    classification: "",
    jurisdiction: problemOf(jurisdiction, draft.jurisdiction),
    cpu: problemOf(quota.entries.cpu, draft.cpu),
    ram: problemOf(quota.entries.ram, draft.ram),
    storage: problemOf(quota.entries.storage, draft.storage),
    contacts: problemOf(contacts, contactList(draft.contacts)),
  };
}

export function hasProblem(problems: Record<string, string>): boolean {
  return Object.values(problems).some(Boolean);
}

export function draftOf(tenant: Tenant): Draft {
  const { displayName, classification, jurisdiction, quota, contacts } = tenant;
  return { displayName, classification, jurisdiction, ...quota, contacts: contacts.join(", ") };
}

/** @returns only what differs, so that two people who change different things do not collide. */
export function changesOf(tenant: Tenant, draft: Draft): TenantChange {
  const before = draftOf(tenant);
  const quota = (["cpu", "ram", "storage"] as const).filter((key) => draft[key] !== before[key]);
  const plain = (["displayName", "classification", "jurisdiction"] as const).filter(
    (key) => draft[key] !== before[key],
  );
  return {
    ...Object.fromEntries(plain.map((key) => [key, draft[key]])),
    ...(quota.length ? { quota: Object.fromEntries(quota.map((key) => [key, draft[key]])) } : {}),
    ...(draft.contacts === before.contacts ? {} : { contacts: contactList(draft.contacts) }),
  };
}

/** `mod-defense` becomes `mod_defense_t`, until the person writes another. */
export function domainFor(name: string): string {
  return name === "" ? "" : `${name.replaceAll("-", "_")}_t`;
}
