/** Steps of a CRUSH rule in words. https://docs.ceph.com/en/reef/rados/operations/crush-map-edits/ */

export interface Step {
  op: string;
  type?: string | undefined;
  item_name?: string | undefined;
  num?: unknown;
}

const namesOfTypes: Record<string, readonly [one: string, many: string]> = {
  osd: ["OSD", "OSDs"],
  datacenter: ["site", "sites"],
  chassis: ["chassis", "chassis"],
};

const few = (count: number, type: string): string => {
  const [one, many] = namesOfTypes[type] ?? [type, `${type}s`];
  return `${count} ${count === 1 ? one : many}`;
};
const many = (type: string): string => (namesOfTypes[type] ?? [type, `${type}s`])[1];

export function stepWords(step: Step): string {
  const { op, item_name = "", type = "" } = step;
  const num = typeof step.num === "number" ? step.num : undefined;
  if (op === "take") return takeWords(item_name);
  if (op === "emit") return "Use what was chosen.";
  if (op === "noop") return "Do nothing.";
  const choosing = /^choose(leaf)?_(firstn|indep)$/.exec(op);
  if (choosing !== null && num !== undefined && type !== "") {
    const leaf = choosing[1] !== undefined && type !== "osd" ? `, and one OSD in each` : "";
    const place = choosing[2] === "indep" ? "; each part keeps its place when another is lost" : "";
    return `Choose ${countWords(num, type)}${leaf}${place}.`;
  }
  const tries = /^set_choose(leaf)?_tries$/.exec(op);
  if (tries !== null && num !== undefined) {
    return `Try up to ${num} times to find ${tries[1] === undefined ? "each" : "an OSD in each"}.`;
  }
  return `A step that is not known here: ${op.slice(0, 60)}.`;
}

/** uk~ssd is what is in uk and of the class ssd. */
function takeWords(name: string): string {
  const [bucket = "", deviceClass] = name.split("~");
  const devices = deviceClass === undefined ? "" : `, on devices of the class ${deviceClass} alone`;
  return `Begin at ${bucket}${devices}.`;
}

function countWords(num: number, type: string): string {
  if (num > 0) return few(num, type);
  if (num === 0) return `as many ${many(type)} as there are copies`;
  return `as many ${many(type)} as there are copies but ${-num}`;
}
