/**
 * How much of a cluster may be lost before data is. A rule and a pool are made for each class and
 * jurisdiction that is used, and never for a tenant: a cluster has 256 rules at most. Imports nothing
 * from node:, since the pages use it too.
 */
import * as v from "valibot";
import { type VolumeKindName, volumeKinds } from "./kinds/names.ts";

export const storageClasses = ["hosts-2", "hosts-3", "sites-2", "sites-3"] as const;
export type StorageClass = (typeof storageClasses)[number];

export const storageClassSchema = v.pipe(
  v.picklist(storageClasses),
  v.description(
    "Copies and what keeps them apart, for example hosts-3; with two copies a write while one is away has a single copy",
  ),
);

export interface Redundancy {
  copies: number;
  /** With fewer copies nothing is written. */
  least: number;
  /** Type of the CRUSH bucket of which each has one copy. */
  domain: "host" | "datacenter";
}

export const redundancyOf: Record<StorageClass, Redundancy> = {
  "hosts-2": { copies: 2, least: 1, domain: "host" },
  "hosts-3": { copies: 3, least: 2, domain: "host" },
  "sites-2": { copies: 2, least: 1, domain: "datacenter" },
  "sites-3": { copies: 3, least: 2, domain: "datacenter" },
};

export const ruleName = (jurisdiction: string, storageClass: StorageClass) =>
  `dsecos.${jurisdiction.toLowerCase()}.${storageClass}`;
export const poolName = (jurisdiction: string, storageClass: StorageClass, kind: VolumeKindName) =>
  `${ruleName(jurisdiction, storageClass)}.${kind}`;

const poolPattern = new RegExp(
  `^dsecos\\.([a-z]{2})\\.(?:${storageClasses.join("|")})\\.(?:${volumeKinds.join("|")})$`,
);

/** The jurisdiction that one of these pools was made for; undefined for any other pool. */
export const jurisdictionOf = (pool: string) => poolPattern.exec(pool)?.[1]?.toUpperCase();
