/**
 * Which tokens were made for whom: the key `user.dsecos.hsm` of the tenant's Incus project, so that
 * a token that vanished is missed by an agent that starts later, and on every node. The node's own
 * tokens stand in Incus's project `default`.
 */
import * as v from "valibot";
import { DsecosError } from "../../bus/errors.ts";
import { timeSchema } from "../../bus/fields.ts";
import type { IncusClient } from "../../incus/client.ts";
import { literal, select } from "../../incus/sql.ts";
import { explain, type Log } from "../../log.ts";
import { updateProject } from "../../tenants/project.ts";
import { levelOf } from "../errors.ts";

export const hsmKey = "user.dsecos.hsm";
const ownProject = "default";
/** A change that no event told of is seen after this long, in milliseconds. */
const lifetimeMs = 30_000;

const declaredSchema = v.object({
  driver: v.string(),
  label: v.string(),
  region: v.string(),
  /** Empty until the token was seen. */
  serial: v.string(),
  /** Node that made it; a token that is made by us is on that node alone. */
  node: v.string(),
  createdAt: timeSchema,
  createdBy: v.string(),
});
export type DeclaredToken = v.InferOutput<typeof declaredSchema>;

const recordSchema = v.object({ version: v.literal(1), tokens: v.array(declaredSchema) });

type Book = ReadonlyMap<string, readonly DeclaredToken[]>;

export interface Declarations {
  /** By tenant; the empty name has the node's own. @throws Unavailable while they are not known. */
  all(): Promise<Book>;
  /** Changes those of one tenant, or the node's own. */
  change(
    tenant: string,
    change: (tokens: readonly DeclaredToken[]) => readonly DeclaredToken[],
  ): Promise<void>;
  /** Something changed in Incus. */
  stale(): void;
}

export class IncusDeclarations implements Declarations {
  readonly #client: IncusClient;
  readonly #log: Log;
  #book: Promise<Book> | undefined;
  #known: Book | undefined;
  #until = 0;

  constructor(client: IncusClient, log: Log) {
    this.#client = client;
    this.#log = log;
  }

  stale(): void {
    this.#until = 0;
  }

  /** What is known is given at once and read again behind it. */
  async all(): Promise<Book> {
    if (performance.now() >= this.#until) {
      this.#until = performance.now() + lifetimeMs;
      const book = this.#read();
      this.#book = book;
      book.then(
        (read) => {
          if (this.#book === book) this.#known = read;
        },
        (error) => {
          this.#until = 0;
          this.#log(levelOf(error), "the tenants' tokens are not known", { error: explain(error) });
        },
      );
    }
    return this.#known ?? (await (this.#book as Promise<Book>));
  }

  async change(
    tenant: string,
    change: (tokens: readonly DeclaredToken[]) => readonly DeclaredToken[],
  ): Promise<void> {
    const project = tenant === "" ? ownProject : tenant;
    const config = await updateProject(this.#client, project, (now) => {
      const tokens = [...change(parse(tenant, now[hsmKey] ?? ""))];
      // An empty value takes the key away.
      const value = tokens.length === 0 ? "" : JSON.stringify({ version: 1, tokens });
      return { ...now, [hsmKey]: value };
    });
    const known = new Map(this.#known ?? (await this.all()));
    known.set(tenant, parse(tenant, config[hsmKey] ?? ""));
    this.#book = undefined;
    this.#known = known;
    this.#until = performance.now() + lifetimeMs;
  }

  async #read(): Promise<Book> {
    const rows = await select(
      this.#client,
      "SELECT p.name, c.value FROM projects_config c JOIN projects p ON p.id=c.project_id " +
        `WHERE c.key=${literal(hsmKey)}`,
    );
    const book = new Map<string, readonly DeclaredToken[]>();
    for (const [name, value] of rows) {
      const tenant = name === ownProject ? "" : String(name);
      book.set(tenant, parse(tenant, String(value)));
    }
    return book;
  }
}

function parse(tenant: string, text: string): readonly DeclaredToken[] {
  if (text === "") return [];
  try {
    return v.parse(recordSchema, JSON.parse(text)).tokens;
  } catch (cause) {
    const project = tenant === "" ? ownProject : tenant;
    const what = `What is known of the tokens of ${project} cannot be read; look at “incus project get ${project} ${hsmKey}” and put it right.`;
    throw new DsecosError("Conflict", what, { cause });
  }
}
