/** Forming a cluster and joining one, guided: what is wrong is said before anything is changed. */
import { hostname } from "node:os";
import type { Call } from "../../bus/call.ts";
import type { Handlers } from "../../bus/contract.ts";
import { DsecosError } from "../../bus/errors.ts";
import type { Jobs } from "../../jobs/types.ts";
import type { FirewallStatus } from "../../node/firewall/answers.ts";
import type { Declared } from "../../node/firewall/declared.ts";
import type { cluster } from "../contract.ts";
import type { Sources } from "../facts/summary.ts";
import type { IncusMembers } from "../members/incus.ts";
import { type Address, parseAddress } from "./address.ts";
import { addressHelp, type JoinCheck, type JoinChecks } from "./answers.ts";
import { address as ofAddress } from "./checks/address.ts";
import type { Found } from "./checks/check.ts";
import { clock } from "./checks/clock.ts";
import { expiry } from "./checks/expiry.ts";
import { firewall as ofFirewall } from "./checks/firewall.ts";
import { name } from "./checks/name.ts";
import { own } from "./checks/own.ts";
import { peer as ofPeer } from "./checks/peer.ts";
import { posture } from "./checks/posture.ts";
import { versions } from "./checks/versions.ts";
import { fingerprintOf, type Invitation, readInvitation, writeInvitation } from "./invitation.ts";
import { before } from "./listening.ts";
import type { joiningMembers } from "./members.ts";
import { knock } from "./peer.ts";
import { initialize, invite, join, type WorkParts } from "./work.ts";

export interface JoiningParts extends WorkParts {
  members: Pick<IncusMembers, "read">;
  sources: Pick<Sources, "node" | "incus">;
  jobs: Jobs;
  firewall: {
    status: () => Promise<FirewallStatus>;
    /** Undefined where agent.json declares none. */
    declared: Declared | undefined;
  };
}

type JoiningHandlers = Pick<Handlers<typeof cluster, Call>, keyof typeof joiningMembers>;

export interface Joining {
  handlers: JoiningHandlers;
  fingerprints: Record<
    "Init" | "Invite" | "Join",
    (call: Call, ...inputs: never[]) => Promise<string>
  >;
}

export function createJoining(parts: JoiningParts): Joining {
  const { client, members, sources, jobs, firewall } = parts;

  const requireAlone = async () => {
    const { kind } = await members.read();
    if (kind === "alone") return;
    throw new DsecosError(
      "Conflict",
      "This node is in a cluster already; see: dsecos cluster status",
    );
  };
  const requireCluster = async (node: string) => {
    const reading = await members.read();
    if (reading.kind === "alone") {
      const what = "This node is in no cluster yet; make it one first: dsecos cluster init";
      throw new DsecosError("Conflict", what);
    }
    if (reading.members.some((member) => member.name === node)) {
      throw new DsecosError("Conflict", `The cluster has a member ${node} already.`);
    }
    return reading;
  };

  /** What both have in common. */
  async function always(node: string, own: Address, invited: Invitation | undefined) {
    const [{ network, assurance }, filter, { names }] = await Promise.all([
      sources.node(),
      firewall.status(),
      before(client),
    ]);
    const peer = invited === undefined ? undefined : parseAddress(invited.peer);
    const tenantBridges = firewall.declared?.tenantBridges ?? ["incusbr*"];
    const managed = [...names.networks];
    return [
      check("name", "Name", name(node, hostname(), invited?.members ?? [])),
      check("address", "Address", ofAddress(own, peer, { links: network, tenantBridges, managed })),
      check("firewall", "Packet filter", ofFirewall(own, peer, filter, firewall.declared)),
      check("time", "Time", posture("clock", assurance)),
      check("selinux", "SELinux", posture("selinux", assurance)),
      check("tpm", "TPM", posture("tpm", assurance)),
    ];
  }

  async function checkInit(node: string, text: string): Promise<JoinChecks> {
    await requireAlone();
    const at = addressOf(text);
    return judged(
      { node, address: at.text, cluster: "", peer: "" },
      await always(node, at, undefined),
    );
  }

  /** @param cluster fingerprint that was named; empty where none was */
  async function checkJoin(node: string, text: string, invited: Invitation, cluster: string) {
    await requireAlone();
    const at = addressOf(text);
    const knocked = await knock(addressOf(invited.peer));
    const [common, { versions: installed }, lost] = await Promise.all([
      always(node, at, invited),
      sources.node(),
      own(client, invited),
    ]);
    const mine = { agent: installed.agent ?? "", incus: sources.incus().version };
    const now = Date.now();
    const about = { node, address: at.text, peer: invited.peer };
    return judged({ ...about, cluster: fingerprintOf(invited.certificate) }, [
      check("invitation", "Invitation", expiry(invited, node, cluster, now)),
      check("versions", "Versions", versions(mine, invited)),
      check("peer", "Way to the cluster", ofPeer(invited, knocked)),
      check("clock", "Clock", clock(invited, knocked, now)),
      check("own", "Nothing to lose", lost),
      ...common,
    ]);
  }

  const begin = (call: Call, title: string, work: ReturnType<typeof initialize>) => {
    const { user: actor, uid } = call.caller;
    return jobs.start({ kind: call.member, title, actor, uid, cancellable: false }, work);
  };

  return {
    handlers: {
      CheckInit: (_call, node, text) => checkInit(node, text),
      async Init(call, node, text) {
        call.note(requireReady(await checkInit(node, text)));
        const at = addressOf(text);
        return begin(call, `Make ${node} a cluster of one`, initialize(parts, node, at));
      },
      async Invite(call, node) {
        const reading = await requireCluster(node);
        const { versions: installed } = await sources.node();
        const self = reading.members.find((member) => member.name === reading.self);
        const invitation = await invite(client, node, {
          versions: { agent: installed.agent ?? "", incus: sources.incus().version },
          peer: self?.address ?? "",
          members: reading.members.map((member) => member.name),
        });
        call.note({ expiresAt: invitation.expiresAt });
        return writeInvitation(invitation);
      },
      CheckJoin: (_call, node, text, invitation) =>
        checkJoin(node, text, readInvitation(invitation), ""),
      async Join(call, node, text, cluster, invitation) {
        const invited = readInvitation(invitation);
        call.note(requireReady(await checkJoin(node, text, invited, cluster)));
        const work = join(parts, node, addressOf(text), invited);
        return begin(call, `Join the cluster of ${invited.peer} as ${node}`, work);
      },
    },
    fingerprints: {
      // Nobody is asked to approve what cannot be begun.
      async Init(_call, node: string, text: string) {
        requireReady(await checkInit(node, text));
        return "alone";
      },
      async Invite(_call, node: string) {
        await requireCluster(node);
        return "";
      },
      async Join(_call, node: string, text: string, cluster: string, invitation: string) {
        requireReady(await checkJoin(node, text, readInvitation(invitation), cluster));
        return "alone";
      },
    },
  };
}

function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new DsecosError("InvalidArgument", addressHelp);
  return address;
}

const check = (id: string, title: string, found: Found): JoinCheck => ({ id, title, ...found });

function judged(about: Omit<JoinChecks, "ready" | "checks">, checks: JoinCheck[]): JoinChecks {
  return { ...about, ready: checks.every(({ verdict }) => verdict !== "bad"), checks };
}

/** @returns for the record what was not good. @throws DsecosError where something is bad */
function requireReady({ checks }: JoinChecks): { weak: string[] } {
  const wrong = checks.filter(({ verdict }) => verdict === "bad");
  if (wrong.length > 0) {
    const what = wrong
      .map(({ fact, remedy }) => `${fact} ${remedy}`.replace(/[.:]?$/, "."))
      .join(" ");
    throw new DsecosError("Conflict", `Nothing was changed. ${what}`);
  }
  return { weak: checks.filter(({ verdict }) => verdict !== "good").map(({ id }) => id) };
}
