import * as v from "valibot";
import { defineInterface, text } from "../bus/contract.ts";
import { linkMembers } from "./link/members.ts";

const everybody = ["viewer", "operator", "officer", "auditor"] as const;

export const ceph = defineInterface({
  name: "org.dsecos.Ceph1",
  subsystem: "ceph",
  description: "Storage on Ceph: its health, explained, and where its data lies.",
  path: "/org/dsecos/ceph",
  actions: {
    read: { description: "See the storage cluster", roles: everybody },
  },
  methods: {
    ...linkMembers,
  },
  signals: {
    Changed: text("what", v.string(), "What changed: cluster."),
  },
});
