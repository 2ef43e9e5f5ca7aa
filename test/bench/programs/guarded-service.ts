/** The pipeline with a member that does nothing: what is left is what the pipeline costs. */
import { pathToFileURL } from "node:url";
import * as v from "valibot";
import { SystemPeople } from "../../../agent/approvals/people.ts";
import { Approvals } from "../../../agent/approvals/service.ts";
import { AuditLog } from "../../../agent/audit/log.ts";
import { BusConnection, systemBusPath } from "../../../agent/bus/connection.ts";
import { busName, defineInterface, text } from "../../../agent/bus/contract.ts";
import { Dispatcher } from "../../../agent/bus/dispatch.ts";
import { Identities } from "../../../agent/bus/identity.ts";
import { Polkit } from "../../../agent/bus/polkit.ts";

/** Uses a real polkit action, since polkit refuses what it does not know. */
const guarded = defineInterface({
  name: "org.dsecos.Guarded1",
  subsystem: "tenants",
  description: "For the benchmark.",
  path: "/org/dsecos/guarded",
  actions: { create: { description: "For the benchmark", roles: ["operator"] } },
  methods: {
    Touch: {
      description: "Does nothing.",
      in: [text("value", v.string(), "Any text.")],
      out: text("value", v.string(), "The same text."),
      action: "create",
      changes: true,
    },
  },
  signals: {},
});

const path = systemBusPath();
const [bus, client] = [await BusConnection.open(path), await BusConnection.open(path)];
const log = () => {};
const program = pathToFileURL(process.argv[3] ?? "");
const audit = new AuditLog(process.argv[2] ?? "", "bench", log, { program });
await audit.open();
const identities = new Identities(client);
const polkit = new Polkit(client);
await Promise.all([identities.start(), polkit.start()]);
const people = new SystemPeople();
const approvals = new Approvals({ audit, people, node: "bench", lifetimeSeconds: 60 });
const tree = { contracts: [guarded], children: () => [], machineId: "" };
const dispatcher = new Dispatcher({
  bus,
  identities,
  polkit,
  approvals,
  audit,
  node: "bench",
  tree,
  log,
});
dispatcher.serve(guarded, { handlers: { Touch: async (_call, value: string) => value } });
await bus.callDriver("RequestName", "su", [busName, 4]);
process.stdout.write("ready\n");
