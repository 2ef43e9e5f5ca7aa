/** Who changed /etc: git itself, on a directory that stands for it. */
import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commitsIn, openIn, readEtc } from "../../agent/node/etc/history.ts";
import { type Ran, System } from "../../agent/node/system.ts";
import { Recorded, withMachines } from "../lib/recorded-machine.ts";

withMachines();

/** Programs are asked about the directory instead of /etc. */
class Elsewhere extends Recorded {
  readonly #real = new System();

  override run(program: string, args: readonly string[]): Promise<Ran | undefined> {
    const here = args.map((one) => (one === "/etc" ? this.etc : one));
    return this.#real.run(program, here);
  }

  get etc(): string {
    return join(this.root, "etc");
  }

  git(...args: string[]): void {
    const people = ["-c", "user.name=Ann Example", "-c", "user.email=ann@node1"];
    const settings = ["-c", "commit.gpgSign=false", "-c", "init.defaultBranch=main"];
    execFileSync("git", ["-C", this.etc, ...people, ...settings, ...args], { stdio: "ignore" });
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.etc, name), text);
  }
}

function tracked(): Elsewhere {
  const machine = new Elsewhere({ "/etc/hosts": "127.0.0.1 node1\n", "/usr/bin/etckeeper": "" });
  machine.git("init", "-q");
  machine.git("add", ".");
  machine.git("commit", "-qm", "Initial commit");
  return machine;
}

describe("changes of /etc", () => {
  it("name who, when and which files", async () => {
    const machine = tracked();
    mkdirSync(join(machine.etc, "nft"));
    machine.write("nft/rules", "x");
    machine.write("hosts", "y");
    machine.git("add", ".");
    machine.git("commit", "-qm", "Allow 443\n\nas was asked");
    const found = await readEtc(machine);
    expect(found).toMatchObject({ tracked: true, keeper: true, open: [], openTotal: 0 });
    expect(found.commits).toHaveLength(2);
    expect(found.commits[0]).toMatchObject({
      ...{ author: "Ann Example <ann@node1>", subject: "Allow 443" },
      ...{ paths: ["hosts", "nft/rules"], pathsTotal: 2 },
    });
    expect(found.commits[1]?.subject).toBe("Initial commit");
  });

  it("are listed while nobody answers for them", async () => {
    const machine = tracked();
    machine.write("hosts", "changed");
    machine.write("naïve file", "new");
    expect(await readEtc(machine)).toMatchObject({
      open: [
        { change: "changed", path: "hosts" },
        { change: "added", path: '"naïve file"' },
      ],
      openTotal: 2,
    });
    rmSync(join(machine.etc, "hosts"));
    expect((await readEtc(machine)).open[0]).toEqual({ change: "deleted", path: "hosts" });
  });

  it("run nothing that the repository names", async () => {
    const machine = tracked();
    const ran = join(machine.root, "ran");
    machine.git("config", "core.fsmonitor", `touch ${ran}; false`);
    machine.write("hosts", "changed");
    expect((await readEtc(machine)).openTotal).toBe(1);
    expect(await machine.exists("/ran")).toBe(false);
  });

  it("are not believed of a repository that belongs to somebody else", async () => {
    const machine = tracked();
    for (const path of [machine.etc, join(machine.etc, ".git")]) chownSync(path, 65534, 65534);
    await expect(readEtc(machine)).rejects.toThrow("ended with 128");
  });

  it("are unknown to a repository that is none, and none where there is no repository", async () => {
    await expect(readEtc(new Elsewhere({ "/etc/.git/x": "" }))).rejects.toThrow("ended with 128");
    expect(await readEtc(new Recorded())).toMatchObject({ tracked: false, keeper: false });
    await expect(readEtc(new Recorded({ "/etc/.git/x": "" }))).rejects.toThrow("not installed");
  });
});

describe("what git writes", () => {
  it("is taken with whatever people called things", () => {
    const head = (hash: string, subject: string) =>
      `\x1e${hash}\x1f2026-01-01T01:00:00+01:00\x1f\u202eann <a@b>\x1f${subject}\n\nhosts\n`;
    const found = commitsIn(`${head("a".repeat(40), "one\x1ftwo")}${head("no hash", "x")}`);
    expect(found).toEqual([
      {
        ...{ hash: "a".repeat(40), at: "2026-01-01T00:00:00.000Z", author: " ann <a@b>" },
        ...{ subject: "one two", paths: ["hosts"], pathsTotal: 1 },
      },
    ]);
  });

  it("names each state", () => {
    const text = "?? a\n M b\nD  c\nUU d\nA  e\n";
    expect(openIn(text).map(({ change }) => change)).toEqual([
      ...["added", "changed", "deleted", "conflict", "added"],
    ]);
  });
});
