/** Which certificates are shown and in which order: everything of it stands in the address. */
import {
  type CertificateFilter,
  certificateOrders,
  certificateStates,
  profiles,
} from "../../../agent/hsm/pki/answers.ts";
import { type ListView, readList, readOrder } from "../../lib/list.ts";
import { adjust, first, type Place } from "../../lib/location.ts";

export const pageSizes = [50, 100, 500];

export interface CertificateView extends Omit<ListView, "open"> {
  tenant: string;
  state: CertificateFilter["state"];
  profile: CertificateFilter["profile"];
  order: CertificateFilter["order"];
  descending: boolean;
}

/** Reads an address that anybody may have typed: what does not fit is left out. */
export function readView(place: Place): CertificateView {
  const { sort: order, descending } = readOrder(place, certificateOrders);
  const { text, cursor, perPage } = readList(place, pageSizes);
  return {
    ...{ text, cursor, perPage, order, descending },
    tenant: first(place, "tenant").slice(0, 40),
    state: certificateStates.find((each) => each === first(place, "state")),
    profile: profiles.find((each) => each === first(place, "profile")),
  };
}

export function filterOf(view: CertificateView): CertificateFilter {
  const { text, tenant, state, profile, order, descending, cursor, perPage } = view;
  return {
    ...(tenant && { tenant }),
    ...(state && { state }),
    ...(profile && { profile }),
    ...{ search: text.trim(), order, descending, cursor, limit: perPage },
  };
}

export function isFiltered({ text, tenant, state, profile }: CertificateView): boolean {
  return Boolean(text.trim() || tenant || state || profile);
}

export function clearFilters(): void {
  adjust({ text: [], tenant: [], state: [], profile: [], cursor: [] });
}
