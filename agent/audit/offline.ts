/** `dsecos audit verify` on any machine. Imports nothing from node:. */
import * as v from "valibot";
import { document, type Interface, text } from "../bus/contract.ts";

const described = <T>(schema: v.GenericSchema<unknown, T>, description: string) =>
  v.optional(v.pipe(schema, v.description(description)));

export const auditOffline = {
  name: "org.dsecos.AuditOffline1",
  subsystem: "audit",
  description: "What can be done with the audit log of any node.",
  path: "",
  actions: {},
  methods: {
    Verify: {
      description:
        "Verify an audit log: chain, tree, checkpoints, TPM and witnesses. A bundle (a tar archive or a directory) or the directory of a log is verified right here, without an agent; without one the agent verifies the log of this node. Ends with 8 when it is not intact. Only what was given to it is trusted: keys that come with the log itself show no more than that it is one log.",
      in: [
        text(
          "log",
          v.optional(v.string()) as v.GenericSchema<unknown, string>,
          "Bundle or directory.",
        ),
        document(
          "options",
          v.strictObject({
            key: described(v.string(), "Verifier key of the log, as you know it from elsewhere."),
            witness: described(v.array(v.string()), "Verifier key of a witness that you trust."),
            tpmRoot: described(
              v.array(v.string()),
              "File with certificates of TPM manufacturers that you trust, PEM or DER.",
            ),
            checkpoint: described(
              v.array(v.string()),
              "File with a checkpoint that was kept elsewhere: shows a fork, or an older copy.",
            ),
            event: described(
              v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
              "Sequence of an event whose inclusion proof is wanted.",
            ),
          }),
          "What is known from elsewhere.",
        ),
      ],
      out: document("report", v.unknown(), "What was found."),
      action: "",
    },
  },
  signals: {},
} as const satisfies Interface;
