/** `dsecos selinux prove` and `why` on any machine, and `enable` on a node. Imports nothing from node:. */
import * as v from "valibot";
import { document, type Interface, text } from "../bus/contract.ts";

/** The policy that the kernel has loaded. */
export const loadedPolicy = "/sys/fs/selinux/policy";

const policy = v.optional(
  v.pipe(v.string(), v.description("File with a binary policy; the loaded one unless told.")),
);

const names = (description: string) =>
  v.optional(v.pipe(v.array(v.string()), v.description(description)), []);

export const selinuxOffline = {
  name: "org.dsecos.SelinuxOffline1",
  subsystem: "selinux",
  description: "The policy that keeps tenants apart.",
  path: "",
  actions: {},
  methods: {
    Prove: {
      description:
        "Prove from a binary policy alone that no tenant reaches another: by no rule, attribute, boolean or transition, nor over any number of host types outside the trusted base. A file is proved right here, without an agent; without one the agent proves what the kernel has loaded. Ends with 8 when it is not so, and names the guilty rules.",
      in: [
        document(
          "options",
          v.strictObject({
            policy,
            trust: names("Type or attribute that is trusted to keep tenants apart."),
            share: names("Host type that holds nothing of whoever writes to it."),
          }),
          "What is proved, under which assumptions.",
        ),
      ],
      out: document("verdict", v.unknown(), "What was proved."),
      action: "",
    },
    Why: {
      description:
        "Tell which rules of a binary policy let one type act on another, which booleans would, and which constraints could still refuse it.",
      in: [
        text("source", v.string(), "Type of the process, for example tenant0001_t."),
        text("target", v.string(), "Type of what it acts on."),
        text("class", v.string(), "Class of what it acts on, for example file or process."),
        document("options", v.strictObject({ policy }), "Which policy."),
      ],
      out: document("explanation", v.unknown(), "What the policy says."),
      action: "",
    },
    Enable: {
      description:
        "Check whether SELinux can be switched on on this node, and with --yes switch it on, as root: the next start labels all files and refuses nothing; after that, --enforcing makes it refuse. Nothing is done while a check fails, and what fails half-way is taken back.",
      in: [
        document(
          "options",
          v.strictObject({
            enforcing: v.optional(
              v.pipe(v.boolean(), v.description("Once the files are labelled: enforce.")),
              false,
            ),
            undo: v.optional(
              v.pipe(v.boolean(), v.description("Take all of it back, for the next start.")),
              false,
            ),
          }),
          "How far to go.",
        ),
      ],
      out: document("checks", v.unknown(), "What was found."),
      action: "",
    },
  },
  signals: {},
} as const satisfies Interface;
