/** How strong a key is, by the capabilities that it has. What is not understood may be anything. */
import type { Holder, KeyringRow, Strength } from "./answers.ts";
import { asksSettings, type Grant, parseGrants, reads, writes } from "./grants.ts";
import { type TenantPlaces, tenantOf } from "./places.ts";
import { grantWords } from "./words.ts";

export interface Entity {
  entity: string;
  caps: Readonly<Record<string, string>>;
}

export function grantsOf({ caps }: Entity): Map<string, Grant[]> {
  return new Map(Object.entries(caps).map(([daemon, text]) => [daemon, parseGrants(text)]));
}

export function holderOf(entity: string, own: string): Holder {
  if (entity === own) return "agent";
  if (entity === "client.admin") return "admin";
  if (/^client\.bootstrap-/.test(entity)) return "bootstrap";
  if (tenantOf(entity) !== "") return "tenant";
  return entity.startsWith("client.") ? "client" : "daemon";
}

/** Each of these gives out a key, or changes what one allows. */
const keyCommands =
  /^(auth (get|ls|list|export|print-key|print_key|get-key|get-or-create|get-or-create-key|get-or-create-pending|add|caps|import|rotate)|fs authorize)$/;
const storeCommands = /^config-key (get|dump)$/;

/** Of keys, monitors ask for reading and executing; what several grants allow adds up. */
function readsKeys(grants: readonly Grant[]): boolean {
  const letters = grants.map(({ allow, service, command, module, profile }) => {
    if (profile === "role-definer" || profile === "mgr") return "*";
    if (command !== "" || module !== "" || profile !== "") return "";
    return service === "" || service === "auth" ? allow : "";
  });
  const all = letters.join("");
  return all.includes("*") || (all.includes("r") && all.includes("x"));
}

interface Finding {
  strength: Strength;
  sentence: string;
}

function monFindings(grants: readonly Grant[]): Finding[] {
  const found: Finding[] = [];
  const everything = grants.some(
    ({ allow, service, command, module, profile }) =>
      allow === "*" && service + command + module + profile === "",
  );
  const commands = grants.filter(({ command, bound }) => keyCommands.test(command) && !bound);
  if (everything) {
    found.push({ strength: "admin", sentence: "It may do everything that monitors can." });
  } else if (readsKeys(grants) || commands.length > 0) {
    const sentence = "It may read or make every key, the admin's too, so it can become the admin.";
    found.push({ strength: "admin", sentence });
  }
  const store = grants.some(
    (grant) =>
      (storeCommands.test(grant.command) && !grant.bound) ||
      (grant.service === "config-key" && reads(grant)),
  );
  if (store) {
    const sentence =
      "It may read what monitors keep for others, such as the LUKS keys of OSDs, which open every disk.";
    found.push({ strength: "tenants", sentence });
  }
  const changes = grants.some((grant) => {
    const { service, command, profile } = grant;
    if (profile !== "") return profile === "read-write";
    return writes(grant) && command === "" && service !== "auth";
  });
  if (changes && !everything) {
    const sentence = "It may change the cluster: pools, OSDs, file systems or settings.";
    found.push({ strength: "operates", sentence });
  }
  return found;
}

function mgrFindings(grants: readonly Grant[]): Finding[] {
  if (!grants.some((grant) => grant.profile === "" && writes(grant))) return [];
  const sentence = "It may run commands of the manager that change the cluster.";
  return [{ strength: "operates", sentence }];
}

/** Of OSDs: objects anywhere; of metadata servers, names of files anywhere. */
function dataFindings(daemon: string, grants: readonly Grant[]): Finding[] {
  const isBound = ({ pool, namespace, tag, path }: Grant) =>
    daemon === "osd"
      ? pool !== "" || namespace !== undefined || tag !== undefined
      : path !== "" && path !== "/";
  const gives = ({ allow, profile, method }: Grant) =>
    allow !== "" || profile !== "" || method !== "" || daemon === "mds";
  if (!grants.some((grant) => !isBound(grant) && gives(grant))) return [];
  const sentence =
    daemon === "osd"
      ? "It reaches objects of every pool in every namespace, whoever they belong to."
      : "It reaches the names of every file, whoever they belong to.";
  return [{ strength: "tenants", sentence }];
}

const rank: readonly Strength[] = ["admin", "unclear", "tenants", "operates", "limited"];
/** What may be as strong as it is without a word. */
const expected: Record<Holder, readonly Strength[]> = {
  daemon: ["admin", "tenants", "operates", "limited"],
  bootstrap: ["limited"],
  admin: ["admin"],
  agent: ["operates", "limited"],
  tenant: ["limited"],
  client: ["operates", "limited"],
};

const most = { means: 20, text: 2000, tenants: 20 };

export function rowOf(entity: Entity, places: TenantPlaces, own: string): KeyringRow {
  const grants = grantsOf(entity);
  const tenant = tenantOf(entity.entity);
  const found: Finding[] = [];
  const reached = new Set<string>();
  for (const [daemon, list] of grants) {
    if (list.some((grant) => !grant.understood) || !/^(mon|mgr|osd|mds)$/.test(daemon)) {
      const sentence = `Not all of its capabilities on ${daemon} are understood, so they may allow anything.`;
      found.push({ strength: "unclear", sentence });
    }
    if (daemon === "mon") found.push(...monFindings(list));
    if (daemon === "mgr") found.push(...mgrFindings(list));
    if (daemon === "osd" || daemon === "mds") found.push(...dataFindings(daemon, list));
    if (daemon === "osd") {
      for (const grant of list) if (!asksSettings(grant)) places.reachedBy(grant, reached);
    }
  }
  reached.delete(tenant);
  const tenants = [...reached].sort();
  if (tenants.length > 0) {
    const [first = ""] = tenants;
    const who = tenants.length === 1 ? first : `${first} and ${tenants.length - 1} more`;
    found.push({ strength: "tenants", sentence: `It reaches data of ${who}.` });
  }
  found.sort((one, other) => rank.indexOf(one.strength) - rank.indexOf(other.strength));
  const strength = found[0]?.strength ?? "limited";
  const holder = holderOf(entity.entity, own);
  return {
    ...{ entity: entity.entity, holder, tenant, strength },
    flagged: !expected[holder].includes(strength),
    findings: found.map(({ sentence }) => sentence),
    caps: [...grants].map(([daemon, list]) => ({
      daemon,
      text: (entity.caps[daemon] ?? "").slice(0, most.text),
      means: list.slice(0, most.means).map((grant) => grantWords(daemon, grant)),
      grants: list.length,
    })),
    tenants: tenants.slice(0, most.tenants),
    tenantCount: tenants.length,
  };
}
