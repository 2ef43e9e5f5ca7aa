/**
 * Which names a request may have, and what a certificate of each kind says. Names come from the
 * tenant and from the rules here; a request can only ask for what it would get anyway.
 */
import { DsecosError } from "../../bus/errors.ts";
import type { Profile } from "./answers.ts";
import {
  alternativeNames,
  authorityConstraints,
  authorityUsage,
  extendedUsage,
  leafConstraints,
  nameConstraints,
  signingUsage,
} from "./x509/extensions.ts";
import type { NameParts } from "./x509/names.ts";
import type { CertificateRequest } from "./x509/request.ts";

/** Whose certificate it is to be. */
export interface Holder {
  readonly tenant: string;
  /** Where the node is, for example UK. */
  readonly region: string;
  /** Domains of the tenant's host names. */
  readonly domains: readonly string[];
}

/** Names of a certificate, checked. */
export interface Names {
  readonly profile: Profile;
  readonly name: string;
  readonly uri: string;
  readonly hosts: readonly string[];
}

/** As useradd takes it: a common name with a dot would be taken for a host name. */
const namePattern = /^[a-z_][a-z0-9_-]{0,31}$/;

/**
 * SPIFFE id (https://spiffe.io, SPIFFE-ID section 2): the trust domain is the region, in lower case
 * as the standard wants it.
 */
export function spiffeId({ region, tenant }: Holder, profile: Profile, name: string): string {
  const kind = profile === "service" ? "service" : "user";
  return `spiffe://${region.toLowerCase()}/tenant/${tenant}/${kind}/${name}`;
}

/**
 * Who a request is for.
 * @throws DsecosError InvalidArgument where it asks for anything that is not the holder's
 */
export function namesOf(request: CertificateRequest, profile: Profile, holder: Holder): Names {
  const isAuthority = profile === "agency";
  const name = commonName(request, holder);
  if (request.authority && !isAuthority) {
    refuse("The request is for an authority; an officer asks for IssueAgency instead.");
  }
  if (isAuthority) {
    if (request.uris.length + request.dns.length > 0)
      refuse("An authority has no URIs and host names; leave them out of the request.");
    return { profile, name, uri: "", hosts: [] };
  }
  const uri = spiffeId(holder, profile, name);
  const foreign = request.uris.find((each) => each !== uri);
  if (foreign !== undefined) refuse(`The request asks for ${shown(foreign)}; it can have ${uri}.`);
  if (profile === "person" && request.dns.length > 0)
    refuse("A person's certificate has no host names; leave them out, or ask for a service's.");
  if (request.dns.length > 20) refuse("A certificate has at most 20 host names.");
  for (const host of request.dns) checkHost(host, holder);
  return { profile, name, uri, hosts: [...new Set(request.dns)] };
}

function commonName({ subject }: CertificateRequest, { tenant }: Holder): string {
  const of = (kind: string) => subject.filter(([attribute]) => attribute === kind);
  const [name, second] = of("commonName");
  if (name === undefined || second !== undefined)
    refuse("The request needs one common name, which says who it is for, for example CN=jane.");
  if (!namePattern.test(name[1]))
    refuse(
      `The common name ${shown(name[1])} must have 1 to 32 characters of a-z, 0-9, _ and -, and begin with a letter or _.`,
    );
  const organization = of("organization").find(([, text]) => text !== tenant);
  if (organization !== undefined)
    refuse(`The request is for ${shown(organization[1])}, not for the tenant ${tenant}.`);
  if (of("organizationalUnit").length > 0)
    refuse("The request's subject has more than a common name and an organisation.");
  return name[1];
}

function checkHost(host: string, { domains, tenant }: Holder): void {
  const isBelow = domains.some((domain) => host === domain || host.endsWith(`.${domain}`));
  const isName = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]+$/.test(host);
  if (isBelow && isName && host.length <= 253) return;
  const allowed =
    domains.length === 0
      ? `the authority of ${tenant} was made without a domain`
      : `${tenant} has ${domains.join(", ")}`;
  refuse(`The request asks for the host name ${shown(host)}, and ${allowed}.`);
}

/** The subject of a certificate: every name of a tenant begins with it. */
export function subjectOf(tenant: string, name: string): NameParts {
  return [
    ["organization", tenant],
    ["commonName", name],
  ];
}

/** Extensions that say what a certificate is for; those about keys come beside them. */
export function purposeExtensions(names: Names, holder: Holder): Buffer[] {
  if (names.profile === "agency") return authorityExtensions(holder, 0);
  return [
    leafConstraints,
    signingUsage,
    names.profile === "service" ? extendedUsage.server : extendedUsage.client,
    alternativeNames(names.uri, names.hosts),
  ];
}

/**
 * @param depth of authorities below it. The last has its key outside of our tokens, and could name
 *   people of another tenant in URIs.
 */
export function authorityExtensions(holder: Holder, depth: number): Buffer[] {
  return [
    authorityConstraints(depth),
    authorityUsage(),
    nameConstraints([["organization", holder.tenant]], holder.domains, depth > 0),
  ];
}

/** The node's root: anything may stand below it. */
export function rootExtensions(): Buffer[] {
  return [authorityConstraints(), authorityUsage()];
}

function shown(text: string): string {
  return `“${text.slice(0, 100).replace(/[^\x20-\x7e]/g, "?")}”`;
}

function refuse(what: string): never {
  throw new DsecosError("InvalidArgument", what);
}
