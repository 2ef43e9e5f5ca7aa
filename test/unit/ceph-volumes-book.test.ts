/** What is declared of volumes, where Incus answers late or not at all. */
import { expect, test, vi } from "vitest";
import { DsecosError } from "../../agent/bus/errors.ts";
import { VolumeBook } from "../../agent/ceph/volumes/book.ts";
import { volumeKeyPrefix, writeVolume } from "../../agent/ceph/volumes/record.ts";

const record = {
  ...({ kind: "file", bytes: "1", jurisdiction: "UK", class: "hosts-3", worm: false } as const),
  ...({ createdAt: "2026-11-22T18:00:00.000Z", createdBy: "alice", state: "active" } as const),
};

/** Answers with volumes of these names, or as it is told. */
class FakeIncus {
  names = ["docs"];
  answer: () => Promise<void> = async () => {};
  async send() {
    await this.answer();
    const rows = this.names.map((name) => [
      "mod",
      `${volumeKeyPrefix}${name}`,
      writeVolume(record),
    ]);
    return { metadata: { Results: [{ rows }] } };
  }
}

function open() {
  const incus = new FakeIncus();
  const book = new VolumeBook(incus as never);
  const names = async () => {
    const { declared, old } = await book.recent();
    return { names: [...(declared.tenants.get("mod")?.keys() ?? [])], old };
  };
  return { incus, book, names };
}

test("who looks gets what was declared before while Incus is locked, and is told so", async () => {
  vi.useFakeTimers();
  try {
    const { incus, book, names } = open();
    expect(await names()).toEqual({ names: ["docs"], old: "" });
    incus.names = ["docs", "more"];
    let go = () => {};
    incus.answer = () => new Promise((resolve) => (go = resolve));
    book.stale();
    const looked = names();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await looked).toMatchObject({ names: ["docs"], old: /^Incus does not answer/ });
    go();
    await vi.advanceTimersByTimeAsync(1);
    expect(await names()).toEqual({ names: ["docs", "more"], old: "" });
  } finally {
    vi.useRealTimers();
  }
});

test("without Incus who looks gets the reason, and who has nothing from before the error", async () => {
  const { incus, book, names } = open();
  const away = new DsecosError("Unavailable", "Incus is away.");
  incus.answer = () => Promise.reject(away);
  await expect(names()).rejects.toBe(away);
  incus.answer = async () => {};
  await names();
  incus.answer = () => Promise.reject(away);
  book.stale();
  expect(await names()).toEqual({ names: ["docs"], old: "Incus is away." });
});
