/** OSDs with what they store on. */
import type { FactOf } from "../facts/schemas.ts";
import { stateOf } from "../topology/tree.ts";
import type { DeviceRow, Disk } from "./answers.ts";
import { outlookOf } from "./outlook.ts";

export interface DevicesInput {
  osds: FactOf<"osdmap">["osds"];
  classes: FactOf<"crush">["devices"];
  metadata: FactOf<"osdMetadata"> | undefined;
  use: FactOf<"osdDf"> | undefined;
  devices: FactOf<"devices"> | undefined;
  /** In milliseconds since 1970. */
  now: number;
}

type Device = FactOf<"devices">[number];

export function deviceRows(input: DevicesInput): DeviceRow[] {
  const classes = new Map(input.classes.map(({ id, class: name }) => [id, name ?? ""]));
  const metadata = new Map(input.metadata?.map((one) => [one.id, one]));
  const sizes = new Map(
    [...(input.use?.nodes ?? []), ...(input.use?.stray ?? [])].map(({ id, kb }) => [id, kb]),
  );
  const devices = new Map(input.devices?.map((device) => [device.devid, device]));
  const ofDaemon = new Map<string, Device[]>();
  for (const device of input.devices ?? []) {
    for (const daemon of device.daemons) {
      ofDaemon.set(daemon, [...(ofDaemon.get(daemon) ?? []), device]);
    }
  }
  return input.osds.map((osd): DeviceRow => {
    const name = `osd.${osd.osd}`;
    const told = metadata.get(osd.osd);
    const store = text(told?.osd_objectstore);
    const named = { ids: text(told?.device_ids), paths: text(told?.devices) };
    const disks = disksOf(named, devices, ofDaemon.get(name) ?? []);
    const size = sizes.get(osd.osd) ?? 0;
    const turns = told?.rotational ?? told?.bluestore_bdev_rotational;
    return {
      ...{ osd: osd.osd, name, state: stateOf(osd), host: told?.hostname ?? "", store, disks },
      deviceClass: classes.get(osd.osd) ?? "",
      rotates: turns === "1" ? true : turns === "0" ? false : null,
      totalKiB: size > 0 ? size : null,
      ...outlookOf(store, disks, input.now),
    };
  });
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/**
 * An OSD tells `sda,sdb` and, of those with a serial number, `sda=VENDOR_MODEL_SERIAL`; the manager has
 * what was foretold of these.
 */
function disksOf(
  told: { ids: string; paths: string },
  all: ReadonlyMap<string, Device>,
  listed: Device[],
): Disk[] {
  const paths = new Map<string, string>();
  for (const pair of told.ids.split(",").filter(Boolean)) {
    const [path = "", id = ""] = pair.split("=", 2);
    if (id !== "") paths.set(id, path);
  }
  for (const { devid, location } of listed) {
    if (!paths.has(devid)) paths.set(devid, location[0]?.dev ?? "");
  }
  const known = new Set(paths.values());
  const nameless = told.paths.split(",").filter((path) => path !== "" && !known.has(path));
  const disks = [...paths, ...nameless.map((path) => ["", path] as const)];
  return disks.map(([id, path]) => {
    const device = all.get(id);
    return {
      ...{ id, path, model: modelOf(id), wear: device?.wear_level ?? null },
      failsFrom: device?.life_expectancy_min ?? "",
      failsTo: device?.life_expectancy_max ?? "",
      foretoldAt: device?.life_expectancy_stamp ?? "",
    };
  });
}

/** Without the serial number, which stands last. */
function modelOf(id: string): string {
  return id.split("_").slice(0, -1).join(" ") || id;
}
