/** nftables by its own program, and of it the agent's own table alone. */
import { execFile } from "node:child_process";
import * as v from "valibot";
import { DsecosError } from "../../bus/errors.ts";

export interface Counter {
  readonly name: string;
  /** What it counts, as the rules say. */
  readonly meaning: string;
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** What the kernel has of the table. */
export interface Loaded {
  /** Another one after each load, so that nobody takes counters that began anew for old ones. */
  readonly handle: number;
  /** The rules as nft lists them, without what counters count. */
  readonly listing: string;
  readonly counters: readonly Counter[];
}

export interface Nft {
  /** @throws DsecosError where the kernel does not take it; nothing has changed then */
  load(text: string): Promise<void>;
  /** @returns undefined where there is no such table. @throws DsecosError where it cannot be read */
  read(): Promise<Loaded | undefined>;
  /** Tables of others, as `family name`. */
  others(): Promise<string[]>;
}

const table = ["inet", "dsecos"] as const;
const limitMs = 10_000;
const mostOutput = 8 * 1024 * 1024;
const environment = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" };

/** Sixty-four bits do not fit a number, and JSON.parse rounds; digits become texts before. */
const countsSchema = v.object({
  nftables: v.array(
    v.object({
      table: v.optional(v.object({ family: v.string(), name: v.string(), handle: v.number() })),
      counter: v.optional(
        v.object({
          name: v.string(),
          comment: v.optional(v.string(), ""),
          packets: v.string(),
          bytes: v.string(),
        }),
      ),
    }),
  ),
});

export function nftables(): Nft {
  const tables = async () =>
    parse(await run(["-j", "list", "tables"])).flatMap((one) => one.table ?? []);
  const isOurs = (one: { family: string; name: string }) =>
    one.family === table[0] && one.name === table[1];
  return {
    async load(text) {
      await run(["-f", "-"], text);
    },
    async read() {
      if (!(await tables()).some(isOurs)) return undefined;
      const [listing, counted] = await Promise.all([
        run(["-s", "list", "table", ...table]),
        run(["-j", "list", "table", ...table]),
      ]);
      const objects = parse(counted);
      const handle = objects.find((one) => one.table)?.table?.handle ?? 0;
      const counters = objects.flatMap(({ counter }) => counter ?? []);
      return {
        handle,
        listing,
        counters: counters.map(({ name, comment, packets, bytes }) => ({
          name,
          meaning: comment,
          packets: BigInt(packets),
          bytes: BigInt(bytes),
        })),
      };
    },
    async others() {
      const all = await tables();
      return all.filter((one) => !isOurs(one)).map(({ family, name }) => `${family} ${name}`);
    },
  };
}

function parse(out: string) {
  const exact = out.replace(/"(packets|bytes)": (\d+)/g, '"$1": "$2"');
  return v.parse(countsSchema, JSON.parse(exact)).nftables;
}

function run(args: readonly string[], input = ""): Promise<string> {
  const options = { timeout: limitMs, maxBuffer: mostOutput, env: environment };
  return new Promise((resolve, reject) => {
    const child = execFile("nft", [...args], options, (error, out, said) => {
      if (error === null) return resolve(out);
      reject(new DsecosError("Unavailable", sentenceFor(error, said), { cause: error }));
    });
    // Where it ended before it read all, the reason is told above.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}

function sentenceFor(error: Error & { code?: unknown; killed?: boolean }, said: string): string {
  if (error.code === "ENOENT") return "nftables is not installed: apt install nftables.";
  if (error.killed) return `nft gave no answer within ${limitMs / 1000} s; see its process.`;
  const [first = ""] = said.split("\n").filter(Boolean);
  if (/Operation not permitted/.test(said)) {
    return "The agent may not see the packet filter: it needs CAP_NET_ADMIN, as its unit gives it.";
  }
  return `nft refused: ${first.slice(0, 300) || "without a reason"}`;
}
