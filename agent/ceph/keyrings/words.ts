/** Grants in words. What is not understood is said so. */
import { asksSettings, type Grant, reads, writes } from "./grants.ts";

const unknown = "This is not understood here, so it may allow anything.";

const verbs = (grant: Grant): string => {
  const [r, w] = [reads(grant), writes(grant)];
  return r && w ? "Reads and writes" : w ? "Writes" : r ? "Reads" : "May run methods on";
};

const from = ({ network }: Grant): string => (network === "" ? "" : ` Only from ${network}.`);

/** What profiles of monitors are for; https://docs.ceph.com/en/reef/rados/operations/user-management/ */
const profiles: Record<string, string> = {
  mon: "What a monitor needs.",
  mgr: "What a manager needs, which includes reading every key.",
  osd: "What an OSD needs.",
  mds: "What a metadata server needs.",
  crash: "Reports crashes, and reads the cluster's map of monitors.",
  "read-only": "Reads the cluster's state, though no keys.",
  "read-write": "Reads the cluster's state and changes it, though no keys.",
  "role-definer": "Makes, changes and reads every key.",
  "fs-client": "What a client of CephFS needs to find its servers.",
  "simple-rados-client": "What a client of RADOS needs to find its servers.",
  rbd: "What a client of block images needs: finds its servers, and locks dead clients out.",
  "rbd-read-only": "What a client needs that only reads block images.",
  "rbd-mirror": "What a mirror of block images needs, with the keys of its peers.",
};

function profileWords(name: string): string {
  const kind = /^bootstrap-(.+)$/.exec(name)?.[1];
  if (kind !== undefined) return `Makes keys for new daemons and clients of the kind ${kind}.`;
  return profiles[name] ?? `The profile ${name}, which is not known here.`;
}

function monWords(grant: Grant): string {
  const { allow, profile, service, command, bound } = grant;
  if (profile !== "") return profileWords(profile);
  if (command !== "") {
    return `Runs the command “${command}”${bound ? ", with certain arguments only" : ""}.`;
  }
  const keys = allow.includes("r") && allow.includes("x") ? ", and reads every key" : "";
  if (service !== "") {
    if (allow === "*") return `May do everything with ${service}.`;
    return `${verbs(grant)} what belongs to ${service}${service === "auth" ? keys : ""}.`;
  }
  if (allow === "*") return "May do everything that monitors can.";
  if (writes(grant)) return `Changes the cluster: pools, OSDs, settings${keys}.`;
  return `Reads the cluster's maps and state${keys}.`;
}

/** Where objects are that an OSD grant is bound to. */
export function placeWords({ pool, namespace, tag, prefix }: Grant): string {
  const words = [
    pool === "" ? (tag === undefined ? "every pool" : "pools") : `the pool ${pool}`,
    tag && `of ${tag.application}${tag.value === "*" ? "" : ` (${tag.key}=${tag.value})`}`,
    namespace === undefined
      ? pool === "" && tag === undefined && ", in every namespace"
      : namespace === ""
        ? ", in the namespace without a name"
        : `, in the namespace ${namespace}`,
    prefix !== "" && `, whose names begin with ${prefix}`,
  ];
  return words
    .filter((word) => typeof word === "string" && word !== "")
    .join(" ")
    .replaceAll(" ,", ",");
}

function osdWords(grant: Grant): string {
  const { allow, profile, method, pool } = grant;
  const place = placeWords(grant);
  if (asksSettings(grant) && pool !== "") return `Reads settings for block images of ${pool}.`;
  if (method !== "") return `Runs the method ${method} of OSDs on objects in ${place}.`;
  if (profile === "rbd") return `Reads and writes block images in ${place}.`;
  if (profile === "rbd-read-only") return `Reads block images in ${place}.`;
  if (profile !== "") return `${profileWords(profile)} In ${place}.`;
  if (allow === "*") return `May do everything with objects in ${place}.`;
  return `${verbs(grant)} objects in ${place}.`;
}

function mdsWords(grant: Grant): string {
  const { path, fileSystem, allow } = grant;
  const where = path === "" || path === "/" ? "every file" : `files below ${path}`;
  const of = fileSystem === "" ? "" : ` of ${fileSystem}`;
  const what = `${where}${of}`;
  // The word alone is an old way to write all of it.
  if (allow === "*" || allow === "") return `May do everything with names of ${what}.`;
  return `${verbs(grant)} names of ${what}${allow.includes("p") ? ", and their quotas and layouts" : ""}.`;
}

function mgrWords(grant: Grant): string {
  const { allow, module, profile, service, command } = grant;
  if (profile !== "") return profileWords(profile);
  if (command !== "") return `Runs the manager's command “${command}”.`;
  const of = module !== "" ? ` of its module ${module}` : service !== "" ? ` of ${service}` : "";
  if (allow === "*") return `Runs every command${of} of the manager.`;
  return `Runs commands${of} of the manager that ${writes(grant) ? "read and change" : "read"}.`;
}

const writers: Record<string, (grant: Grant) => string> = {
  mon: monWords,
  osd: osdWords,
  mds: mdsWords,
  mgr: mgrWords,
};

export function grantWords(daemon: string, grant: Grant): string {
  const write = writers[daemon];
  if (write === undefined || !grant.understood) return unknown;
  return `${write(grant)}${from(grant)}`;
}
