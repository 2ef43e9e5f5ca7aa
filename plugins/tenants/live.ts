/** CPU and memory over the last minutes, from what the agent tells every few seconds. */
import { useEffect, useRef, useState } from "react";
import type { Instance } from "../../agent/instances/contract.ts";
import type { Point } from "../lib/chart.tsx";

/** How far back charts go, in milliseconds. */
export const span = 120_000;

export interface Curves {
  /** Cores in use. */
  cpu: readonly Point[];
  /** KiB. */
  ram: readonly Point[];
}

interface Track {
  at: number;
  cpuSeconds: number;
  cpu: Point[];
  ram: Point[];
}

export type Tracks = Map<string, Track>;

/** Adds what was just learned; CPU is a rate, so it begins with the second sample. */
export function follow(tracks: Tracks, instances: readonly Instance[], at: number): void {
  for (const { name, live } of instances) {
    const track = tracks.get(name);
    if (!track) {
      const ram = [{ at, value: live.ramKib }];
      tracks.set(name, { at, cpuSeconds: live.cpuSeconds, cpu: [], ram });
      continue;
    }
    const seconds = (at - track.at) / 1000;
    if (seconds <= 0) continue;
    // A restart sets the counter back to zero.
    const used = Math.max(0, live.cpuSeconds - track.cpuSeconds);
    const recent = (point: Point) => point.at >= at - span;
    track.cpu = [...track.cpu.filter(recent), { at, value: used / seconds }];
    track.ram = [...track.ram.filter(recent), { at, value: live.ramKib }];
    track.at = at;
    track.cpuSeconds = live.cpuSeconds;
  }
  const present = new Set(instances.map(({ name }) => name));
  for (const name of tracks.keys()) if (!present.has(name)) tracks.delete(name);
}

/** Sum over all instances at the times of the latest sample of each. */
export function together(tracks: Tracks): Curves {
  const sum = (pick: (track: Track) => Point[]) => {
    const at = new Map<number, number>();
    for (const track of tracks.values()) {
      for (const point of pick(track)) at.set(point.at, (at.get(point.at) ?? 0) + point.value);
    }
    return [...at].map(([time, value]) => ({ at: time, value })).sort((a, b) => a.at - b.at);
  };
  return { cpu: sum((track) => track.cpu), ram: sum((track) => track.ram) };
}

export function useTracks(instances: readonly Instance[] | undefined): Tracks {
  const tracks = useRef<Tracks>(new Map());
  const [, redraw] = useState(0);
  useEffect(() => {
    if (!instances) return;
    follow(tracks.current, instances, Date.now());
    redraw((count) => count + 1);
  }, [instances]);
  return tracks.current;
}
