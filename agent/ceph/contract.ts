import * as v from "valibot";
import { defineInterface, text } from "../bus/contract.ts";
import { actionMembers } from "./actions/members.ts";
import { capacityMembers } from "./capacity/members.ts";
import { deviceMembers } from "./devices/members.ts";
import { encryptionMembers } from "./encryption/members.ts";
import { healthMembers } from "./health/members.ts";
import { keyringMembers } from "./keyrings/members.ts";
import { linkMembers } from "./link/members.ts";
import { retentionMembers } from "./objects/retention/members.ts";
import { poolMembers } from "./pools/members.ts";
import { progressMembers } from "./progress/members.ts";
import { residencyMembers } from "./residency/members.ts";
import { settingMembers } from "./settings/members.ts";
import { topologyMembers } from "./topology/members.ts";
import { eraseMembers } from "./volumes/erase-members.ts";
import { volumeMembers } from "./volumes/members.ts";
import { snapshotMembers } from "./volumes/snapshots/members.ts";

const everybody = ["viewer", "operator", "officer", "auditor"] as const;

export const ceph = defineInterface({
  name: "org.dsecos.Ceph1",
  subsystem: "ceph",
  description: "Storage on Ceph: its health, explained, and where its data lies.",
  path: "/org/dsecos/ceph",
  actions: {
    read: { description: "See the storage cluster", roles: everybody },
    jurisdictions: {
      description: "Decide by a signed map where storage is, and where data may be",
      roles: ["officer"],
    },
    storage: {
      description: "Make tenants' volumes, give out their keys, and change OSDs, rules and flags",
      roles: ["operator"],
    },
    unlock: {
      description: "Give out passphrases of encrypted volumes, and destroy their keys",
      roles: ["officer"],
    },
  },
  methods: {
    ...linkMembers,
    ...healthMembers,
    ...topologyMembers,
    ...capacityMembers,
    ...encryptionMembers,
    ...residencyMembers,
    ...poolMembers,
    ...keyringMembers,
    ...settingMembers,
    ...deviceMembers,
    ...progressMembers,
    ...actionMembers,
    ...volumeMembers,
    ...snapshotMembers,
    ...retentionMembers,
    ...eraseMembers,
  },
  signals: {
    Changed: text(
      "what",
      v.string(),
      "What changed: cluster, residency, flags, acts, or volumes and the tenant's name.",
    ),
  },
});
