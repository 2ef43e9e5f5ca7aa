/**
 * Writes members into the database of a real Incus that have no daemon, with what their agents would
 * publish. Incus holds them for online, and tries in vain to reach them.
 */
import type { PublishedLog } from "../../agent/cluster/witness/schema.ts";
import type { incusApi } from "../../packaging/setup/lib/incus-api.js";
import { ownLogOf, someFacts } from "./cluster-facts.ts";
import { TreeLog } from "./tree-log.ts";

type Api = ReturnType<typeof incusApi>;

export class GeneratedMember {
  readonly name: string;
  readonly log: TreeLog;
  readonly #api: Api;
  readonly #own: ReturnType<typeof ownLogOf>;
  #sequence = 0;

  private constructor(api: Api, name: string) {
    this.name = name;
    this.#api = api;
    this.log = new TreeLog(`dsecos.org/audit/${name}/00000001`).append(20);
    this.#own = ownLogOf(() => this.log);
  }

  /** @param number of it, from 1 to 250 */
  static async join(api: Api, name: string, number: number): Promise<GeneratedMember> {
    const of = `SELECT id FROM nodes WHERE name='${name}'`;
    await sql(
      api,
      `INSERT INTO nodes (name, description, address, schema, api_extensions, heartbeat, state, arch)
        SELECT '${name}', '', '127.99.0.${number}:1', schema, api_extensions, '2099-01-01T00:00:00Z', 0, arch
        FROM nodes LIMIT 1`,
      `INSERT INTO nodes_cluster_groups (node_id, group_id) VALUES ((${of}), 1)`,
    );
    return new GeneratedMember(api, name);
  }

  /** Writes what its agent would write now, or `text` in its place. */
  async publish(key: "facts" | "log", text?: string): Promise<void> {
    const value = text ?? JSON.stringify(key === "facts" ? this.#facts() : await this.published());
    await this.write(`user.dsecos.${key}`, value);
  }

  async write(key: string, value: string): Promise<void> {
    const row = `(SELECT id FROM nodes WHERE name='${this.name}'), '${key}'`;
    // In hexadecimal no text can end the statement.
    const written = `CAST(X'${Buffer.from(value).toString("hex")}' AS TEXT)`;
    await sql(
      this.#api,
      `INSERT OR REPLACE INTO nodes_config (node_id, key, value) VALUES (${row}, ${written})`,
    );
  }

  async published(): Promise<PublishedLog | undefined> {
    return await this.#own.make([], []);
  }

  #facts() {
    this.#sequence += 1;
    return { ...someFacts, sequence: this.#sequence, at: new Date().toISOString() };
  }
}

async function sql(api: Api, ...statements: string[]): Promise<void> {
  const body = { database: "global", query: statements.join("; ") };
  await api.request("POST", "/internal/sql", { body, seconds: 30 });
}
