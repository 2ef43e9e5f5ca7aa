/** `dsecos selinux prove` and `why` on any machine. Imports nothing from node:. */
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
  },
  signals: {},
} as const satisfies Interface;
