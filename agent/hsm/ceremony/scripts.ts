/**
 * The scripts there are. Every sentence of a step is under the script's hash: who changes one makes
 * another script, and a ceremony that was begun under the old one cannot go on.
 */
import { canonical } from "../../audit/canonical.ts";
import { sha3Hex } from "../../audit/digest.ts";
import { type ScriptDraft, signAct } from "./acts.ts";
import type { Script, ScriptStep } from "./answers.ts";
import { keyFactNames } from "./attributes.ts";
import { tokenFactNames } from "./token-facts.ts";

export const actNames = {
  readToken: "read the token",
  createToken: "create the tenant's token",
  resetPin: "reset the PIN",
  rootKey: "generate the root key",
} as const;

const opening: ScriptStep = {
  name: "opening",
  title: "Open the ceremony",
  role: "Administrator and witness",
  text:
    "The administrator reads aloud the date, the place, the script's hash and the names of all in " +
    "the room. The witness compares the hash with the printed script. Both have their own session " +
    "on their own account.",
  act: "",
  reads: [],
};

function readBack(name: string, title: string, text: string): ScriptStep {
  return { name, title, role: "Witness reads, administrator compares", text, act: "", reads: [] };
}

const compareToken = readBack(
  "compare-token",
  "Compare the token",
  "The witness reads serial, maker and firmware aloud from the screen. The administrator compares " +
    "them with the label of the device and its delivery note. For a software token both say so.",
);

const closing: ScriptStep = {
  name: "sign",
  title: "Sign the record",
  role: "Administrator and witness",
  text:
    "Both have read every step, and nothing is left to correct. With their confirmations the node " +
    "signs the record in the token. It is then printed, and signed by hand by all in the room.",
  act: signAct,
  reads: ["Signed by"],
};

export const scripts: readonly ScriptDraft[] = [
  {
    name: "authority-root",
    title: "Root key of the node's certificate authority",
    purpose:
      "Makes the P-384 key on which all certificates of this node rest, in the node's own token.",
    needs: [],
    on: "node",
    steps: [
      opening,
      {
        name: "token",
        title: "Open the token",
        role: "Administrator",
        text: "The node opens its own token, which is made first where it is missing, and reads what the token says of itself.",
        act: actNames.readToken,
        reads: [...tokenFactNames],
      },
      compareToken,
      {
        name: "key",
        title: "Generate the root key",
        role: "Administrator",
        text: "The token makes a P-384 key that cannot leave it. Its public half and its attributes are read back from the token.",
        act: actNames.rootKey,
        reads: [...keyFactNames],
      },
      readBack(
        "compare-key",
        "Compare the key",
        "The witness reads the fingerprint aloud in groups of four. The administrator writes it on " +
          "the printed script and compares. Both see that the key is sensitive, not extractable, " +
          "and made in the token.",
      ),
      closing,
    ],
  },
  {
    name: "tenant-token",
    title: "Token of a tenant",
    purpose: "Gives a tenant the token in which its keys will be made.",
    needs: ["tenant", "driver"],
    on: "tenant",
    steps: [
      opening,
      {
        name: "token",
        title: "Create the token",
        role: "Administrator",
        text: "The node makes the tenant's token on the driver named in the options, or takes up the one that was made for it, and reads what the token says of itself.",
        act: actNames.createToken,
        reads: [...tokenFactNames],
      },
      compareToken,
      closing,
    ],
  },
  {
    name: "pin-reset",
    title: "Reset of a token's PIN",
    purpose: "Lets the security officer of a tenant's token set its PIN to what the driver knows.",
    needs: ["tenant"],
    on: "tenant",
    steps: [
      opening,
      {
        name: "token",
        title: "Read the token",
        role: "Administrator",
        text: "The node reads what the token says of itself, before anything is changed.",
        act: actNames.readToken,
        reads: [...tokenFactNames],
      },
      compareToken,
      {
        name: "pin",
        title: "Reset the PIN",
        role: "Administrator",
        text: "The token's security officer sets the PIN anew. Nobody sees it. The node then logs in with it and reads the token again.",
        act: actNames.resetPin,
        reads: [...tokenFactNames],
      },
      closing,
    ],
  },
];

/** @returns the script as people see it, with its hash over everything else that they see */
export function published({ on: _on, ...draft }: ScriptDraft): Script {
  const steps = draft.steps.map((step) => ({ ...step, reads: [...step.reads] }));
  const script = { ...draft, steps };
  return { ...script, hash: sha3Hex(canonical(script)) };
}
