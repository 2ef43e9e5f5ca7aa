/**
 * Members of the Incus cluster and what their agents have written beside them: keys of the member's
 * configuration, which Incus replicates by Raft.
 *
 * Reading goes by one query: Incus's own list of 64 members costs its daemons 220 ms of CPU, the query
 * 25 ms. What is too long is cut off there, so that nobody can make this node read more than is
 * allowed. Reading and writing the own member costs its daemon and the leader some 12 ms each, every other
 * that votes 4 ms, and each of them up to 29 KiB on its disk.
 */
import { DsecosError } from "../../bus/errors.ts";
import { apiPath, type IncusClient } from "../../incus/client.ts";
import { type SqlValue, select } from "../../incus/sql.ts";
import { drillKey, maximumDrill, seenKey } from "../drill/published.ts";
import { maximumFacts } from "../facts/schema.ts";
import { maximumLog } from "../witness/schema.ts";
import { isMemberName } from "./names.ts";

export const factsKey = "user.dsecos.facts";
export const logKey = "user.dsecos.log";

export interface Member {
  name: string;
  /** HOST:PORT of its Incus. */
  address: string;
  /** As Incus has it. */
  state: "online" | "offline" | "pending" | "evacuated";
  /** As they were written, cut off behind what is allowed; empty where nothing was. */
  facts: string;
  log: string;
  drill: string;
  seen: string;
}

/** `alone`: Incus runs, and is in no cluster. */
export type Reading = { kind: "alone" } | { kind: "cluster"; self: string; members: Member[] };

const column = (key: string, maximum: number) =>
  `(SELECT substr(value, 1, ${maximum + 1}) FROM nodes_config
    WHERE node_id = nodes.id AND key = '${key}')`;

const query = `SELECT nodes.name, nodes.address, nodes.state,
  (julianday('now') - julianday(nodes.heartbeat)) * 86400 >
    COALESCE((SELECT CAST(value AS REAL) FROM config WHERE key = 'cluster.offline_threshold'), 20),
  ${column(factsKey, maximumFacts)}, ${column(logKey, maximumLog)},
  ${column(drillKey, maximumDrill)}, ${column(seenKey, maximumDrill)}
  FROM nodes ORDER BY nodes.name`;

/** Incus's numbers. */
const pending = 1;
const evacuated = 2;
/** What Incus calls the only row of a server that is in no cluster. */
const noAddress = "0.0.0.0";
/** Between the reading of a member and the writing somebody else may write. */
const attempts = 3;

interface Server {
  environment: { server_clustered: boolean; server_name: string };
}

interface MemberAnswer {
  roles: string[];
  groups: string[];
  failure_domain: string;
  description: string;
}

export class IncusMembers {
  readonly #client: IncusClient;
  #self = "";

  constructor(client: IncusClient) {
    this.#client = client;
  }

  /** @throws DsecosError */
  async read(): Promise<Reading> {
    const members = (await select(this.#client, query)).map(memberOf);
    const [only] = members;
    if (members.length === 1 && only?.address === noAddress) return { kind: "alone" };
    if (!members.some(({ name }) => name === this.#self)) this.#self = await this.#ownName();
    return {
      kind: "cluster",
      self: this.#self,
      members: members.filter(({ name }) => isMemberName(name)),
    };
  }

  async #ownName(): Promise<string> {
    const { environment } = await this.#client.get<Server>("/1.0");
    if (environment.server_clustered) return environment.server_name;
    throw new DsecosError(
      "Unavailable",
      "Incus is just joining a cluster; look again in a moment.",
    );
  }

  /** Whether the own member leads the database of Incus. @throws DsecosError */
  async isLeader(): Promise<boolean> {
    const { roles } = await this.#client.get<MemberAnswer>(
      apiPath("cluster", "members", this.#self),
    );
    return roles.includes("database-leader");
  }

  /** Writes keys of the own member and leaves all else of it as it is. @throws DsecosError */
  async publish(config: Record<string, string>): Promise<void> {
    const path = apiPath("cluster", "members", this.#self);
    for (let attempt = 1; ; attempt++) {
      try {
        const { metadata, etag } = await this.#client.send<MemberAnswer>("GET", path);
        // Incus merges the keys, and takes what else is left out as a wish to remove it.
        const { roles, groups, failure_domain, description } = metadata;
        const body = { roles, groups, failure_domain, description, config };
        await this.#client.send("PATCH", path, body, { headers: { "If-Match": etag } });
        return;
      } catch (error) {
        const isRace = error instanceof DsecosError && error.code === "Conflict";
        if (!isRace || attempt === attempts) throw error;
      }
    }
  }
}

function memberOf([name, address, state, late, ...written]: SqlValue[]): Member {
  const [facts, log, drill, seen] = written.map((value) => (value === null ? "" : String(value)));
  return {
    name: String(name),
    address: String(address),
    state: stateOf(Number(state), late !== 0),
    ...{ facts: facts ?? "", log: log ?? "", drill: drill ?? "", seen: seen ?? "" },
  };
}

function stateOf(state: number, isLate: boolean): Member["state"] {
  if (state === evacuated) return "evacuated";
  if (state === pending) return "pending";
  return isLate ? "offline" : "online";
}
