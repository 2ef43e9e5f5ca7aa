/** Members about certificates. What is behind them is loaded when one is asked for first. */
import { access } from "node:fs/promises";
import type { Call } from "../../bus/call.ts";
import type { Answers } from "../area.ts";
import type { Finding } from "../watch/alarms.ts";
import { recordActions } from "./actions.ts";
import type { AuthoritySpec, RollSpec } from "./answers.ts";
import type { CertificateEnd } from "./ends.ts";
import type { Engine } from "./engine.ts";
import type { certificateMembers } from "./members.ts";
import { Pace } from "./pace.ts";
import type { PkiParts } from "./parts.ts";
import type { CertificateSummary } from "./summary.ts";

/** What OCSP says to who asks too much: DER of an OCSPResponse of tryLater (3), which nobody signs. */
const tryLater = "MAMKAQM=";

export interface CertificateAnswers {
  handlers: Answers<typeof certificateMembers>;
  /** Refuse what could not be done before anybody is asked to approve it. */
  fingerprints: {
    CreateAuthority(call: Call, owner: string, spec: AuthoritySpec): Promise<string>;
    RollAuthority(call: Call, owner: string, spec: RollSpec): Promise<string>;
    IssueAgency(call: Call, owner: string, request: string): Promise<string>;
  };
  /**
   * Compares every file with the audit log, where anything was ever issued.
   * @param found told what is wrong with each authority, by the token that has its key
   * @returns sentences about what could not be compared
   */
  look(found: (token: string, findings: readonly Finding[]) => Promise<void>): Promise<string[]>;
  /** What is known of all authorities since they were looked at; undefined before. */
  summary(): CertificateSummary | undefined;
  /** What ends soon, and sentences about what could not be read; nothing where none was ever issued. */
  ends(): Promise<{ ends: CertificateEnd[]; missing: string[] }>;
}

export function createCertificates(parts: PkiParts): CertificateAnswers {
  const pace = new Pace(parts.now ?? Date.now);
  let loading: Promise<Engine> | undefined;
  let loaded: Engine | undefined;
  const engine = () => {
    loading ??= import("./engine.ts").then(({ createEngine }) => {
      loaded = createEngine(parts);
      return loaded;
    });
    return loading;
  };
  return {
    handlers: {
      async Authorities() {
        return (await engine()).authorities();
      },
      async CreateAuthority(call, owner, spec) {
        return (await engine()).create(call, owner, spec);
      },
      async RollAuthority(call, owner, spec) {
        return (await engine()).roll(call, owner, spec);
      },
      Certificates: async (_call, filter) => (await engine()).certificates(filter),
      Certificate: async (_call, owner, serial) => (await engine()).certificate(owner, serial),
      Issue: async (call, owner, profile, csr, days) =>
        (await engine()).issue(call, owner, profile, Buffer.from(csr, "base64"), days),
      IssueAgency: async (call, owner, request, days) =>
        (await engine()).issue(call, owner, "agency", Buffer.from(request), days),
      Renew: async (call, owner, serial) => (await engine()).renew(call, owner, serial),
      Revoke: async (call, owner, serial, reason) =>
        (await engine()).revoke(call, owner, serial, reason),
      RevokeAuthority: async (call, owner, serial, reason) =>
        (await engine()).revoke(call, owner, serial, reason),
      Crl: async (call, owner) => (await engine()).list(call, owner),
      Ocsp: async (call, owner, request) => {
        if (!pace.take(call.caller.uid)) return tryLater;
        const der = await (await engine()).status(call, owner, Buffer.from(request, "base64"));
        return der.toString("base64");
      },
      Chain: async (_call, owner) => (await engine()).chain(owner),
    },
    fingerprints: {
      async CreateAuthority(_call, owner, spec) {
        return (await engine()).refuseCreation(owner, spec);
      },
      async RollAuthority(_call, owner, spec) {
        return (await engine()).refuseRoll(owner, spec);
      },
      async IssueAgency(_call, owner, request) {
        return (await engine()).refuseAgency(owner, Buffer.from(request));
      },
    },
    async look(found) {
      if (loading === undefined && !(await wasIssued(parts))) return [];
      return (await engine()).look(found);
    },
    summary: () => loaded?.summary(),
    async ends() {
      // The log is not asked each time that somebody looks; it tells every hour of what is gone.
      if (loading === undefined && !(await isThere(parts))) return { ends: [], missing: [] };
      return (await engine()).ends();
    },
  };
}

async function isThere({ directory }: PkiParts): Promise<boolean> {
  try {
    await access(directory);
    return true;
  } catch {
    // Not there, or not to be read: whoever asks decides what that means.
    return false;
  }
}

/** The log knows even where somebody removed the directory. */
async function wasIssued(parts: PkiParts): Promise<boolean> {
  if (await isThere(parts)) return true;
  const { history } = parts;
  for (const action of recordActions) {
    const { rows } = await history({ action, cursor: "", limit: 1 });
    if (rows.length > 0) return true;
  }
  return false;
}
