/** Ends of keys, certificates and ceremonies. */
import type { CeremonyRow } from "../../hsm/ceremony/answers.ts";
import type { KeyRecord } from "../../hsm/keys/record.ts";
import type { CertificateEnd } from "../../hsm/pki/ends.ts";
import type { Ending } from "./answers.ts";

/** The one that comes first of what a key does by itself: more is on its page. */
export function keyEnding(record: KeyRecord): Ending[] {
  const { name, tenant, state, expireAt, rotateAt, destroyAt } = record;
  const about = { name, tenant, subsystem: "hsm" };
  const show = `dsecos hsm key ${tenant} ${name}`;
  if (state === "destroyed") return [];
  if (destroyAt !== undefined) {
    return [
      {
        ...{ endsAt: destroyAt, kind: "keyDestruction", ...about },
        what: "It is destroyed for good, and with it what only it opens.",
        remedy: "Cancel that if anybody still needs it.",
        command: `dsecos hsm cancel-destroy ${tenant} ${name} 'still needed'`,
      },
    ];
  }
  const ends: Ending[] = [];
  if (expireAt !== undefined && (state === "active" || state === "suspended")) {
    ends.push({
      ...{ endsAt: expireAt, kind: "keyEnd", ...about },
      what: "It is deactivated by itself, and protects nothing new from then on.",
      remedy: "Let its users go on with another key before.",
      command: show,
    });
  }
  if (rotateAt !== undefined && state === "active") {
    ends.push({
      ...{ endsAt: rotateAt, kind: "keyRotation", ...about },
      what: "It gets a new version by itself.",
      remedy: "See that its token can be reached then, or rotate it before.",
      command: show,
    });
  }
  return ends;
}

export function certificateEnding({ kind, tenant, name, serial, endsAt }: CertificateEnd): Ending {
  const about = { endsAt: new Date(endsAt).toISOString(), kind, name, tenant, subsystem: "hsm" };
  if (kind === "authority") {
    return {
      ...about,
      what: "Certificates can no longer be issued, and those that were are no longer believed.",
      remedy: "Roll it over.",
      command: `dsecos hsm roll-authority ${tenant}`,
    };
  }
  if (kind === "revocationList") {
    return {
      ...about,
      what: "Who looks at the list that is served refuses all certificates of it.",
      remedy: "Fetch a new list, and serve it.",
      command: `dsecos hsm crl ${tenant}`,
    };
  }
  return {
    ...about,
    what: "Its holder is no longer let in.",
    remedy: "Renew it, and give it to its holder.",
    command: `dsecos hsm renew ${tenant} ${serial}`,
  };
}

export function ceremonyEnding({ id, title, state, expiresAt }: CeremonyRow): Ending[] {
  if (state !== "running") return [];
  return [
    {
      ...{ endsAt: expiresAt, kind: "ceremony", name: title, tenant: "", subsystem: "hsm" },
      what: "It is over, and what it was held for is not done.",
      remedy: "Go on with its next step.",
      command: `dsecos hsm ceremony ${id}`,
    },
  ];
}
