/** Members about certificates. What is behind them is loaded when one is asked for first. */
import { access } from "node:fs/promises";
import type { Call } from "../../bus/call.ts";
import { explain } from "../../log.ts";
import type { Answers } from "../area.ts";
import type { AuthoritySpec } from "./answers.ts";
import type { Engine } from "./engine.ts";
import type { certificateMembers } from "./members.ts";
import type { PkiParts } from "./parts.ts";

export interface CertificateAnswers {
  handlers: Answers<typeof certificateMembers>;
  /** Refuse what could not be done before anybody is asked to approve it. */
  fingerprints: {
    CreateAuthority(call: Call, owner: string, spec: AuthoritySpec): Promise<string>;
    IssueAgency(call: Call, owner: string, request: string): Promise<string>;
  };
  /** Compares directories with the audit log, where there are any. Returns at once. */
  start(): void;
}

export function createCertificates(parts: PkiParts): CertificateAnswers {
  let loading: Promise<Engine> | undefined;
  const engine = () => {
    loading ??= import("./engine.ts").then(({ createEngine }) => createEngine(parts));
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
      Certificates: async (_call, filter) => (await engine()).certificates(filter),
      Certificate: async (_call, owner, serial) => (await engine()).certificate(owner, serial),
      Issue: async (call, owner, profile, csr, days) =>
        (await engine()).issue(call, owner, profile, Buffer.from(csr, "base64"), days),
      IssueAgency: async (call, owner, request, days) =>
        (await engine()).issue(call, owner, "agency", Buffer.from(request), days),
      Renew: async (call, owner, serial) => (await engine()).renew(call, owner, serial),
      Revoke: async (call, owner, serial, reason) =>
        (await engine()).revoke(call, owner, serial, reason),
      Crl: async (call, owner) => (await engine()).list(call, owner),
      Ocsp: async (call, owner, request) => {
        const der = await (await engine()).status(call, owner, Buffer.from(request, "base64"));
        return der.toString("base64");
      },
      Chain: async (_call, owner) => (await engine()).chain(owner),
    },
    fingerprints: {
      async CreateAuthority(_call, owner, spec) {
        return (await engine()).refuseCreation(owner, spec);
      },
      async IssueAgency(_call, owner, request) {
        return (await engine()).refuseAgency(owner, Buffer.from(request));
      },
    },
    start() {
      compare(parts, engine).catch((error) => {
        parts.log("warning", "certificates were not looked through", { error: explain(error) });
      });
    },
  };
}

async function compare(parts: PkiParts, engine: () => Promise<Engine>): Promise<void> {
  try {
    await access(parts.directory);
  } catch {
    return; // Nothing was ever issued here.
  }
  const { rows } = await (await engine()).authorities();
  for (const { tenant, alarms } of rows) {
    for (const alarm of alarms) parts.log("error", "certificates are not whole", { tenant, alarm });
  }
}
