/** The interfaces every object has: Introspectable, Peer and Properties (of which we have none). */
import type { Interface } from "./contract.ts";
import { introspectionXml } from "./derive/introspection.ts";
import type { Head } from "./wire.ts";

export interface Answer {
  signature: string;
  body: unknown[];
}

export class StandardError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = `org.freedesktop.DBus.Error.${name}`;
  }
}

export interface Tree {
  contracts: readonly Interface[];
  /** Ids of the objects below a path, for interfaces that have one object per thing. */
  children(path: string): string[];
  machineId: string;
}

/**
 * @returns the answer, or undefined when the interface is none of the standard ones.
 * @throws StandardError as the D-Bus specification names it.
 */
export function answerStandard(head: Head, body: () => unknown[], tree: Tree): Answer | undefined {
  const member = `${head.interface}.${head.member}`;
  switch (head.interface) {
    case "org.freedesktop.DBus.Introspectable":
      if (member.endsWith(".Introspect") && head.signature === "") {
        return { signature: "s", body: [introspect(head.path, tree)] };
      }
      break;
    case "org.freedesktop.DBus.Peer":
      if (member.endsWith(".Ping") && head.signature === "") return { signature: "", body: [] };
      if (member.endsWith(".GetMachineId") && head.signature === "") {
        return { signature: "s", body: [tree.machineId] };
      }
      break;
    case "org.freedesktop.DBus.Properties":
      return properties(head, body);
    default:
      return undefined;
  }
  throw new StandardError("UnknownMethod", `There is no ${member} with “${head.signature}”.`);
}

/** There are no properties: state is asked for by methods, and nothing can be assigned. */
function properties(head: Head, body: () => unknown[]): Answer {
  const call = `${head.member}(${head.signature})`;
  if (call === "GetAll(s)") return { signature: "a{sv}", body: [{}] };
  if (call === "Get(ss)") {
    throw new StandardError("UnknownProperty", `There is no property ${String(body()[1])}.`);
  }
  if (call === "Set(ssv)") {
    throw new StandardError("PropertyReadOnly", "Properties cannot be set; call a method.");
  }
  throw new StandardError("UnknownMethod", `There is no Properties.${call}.`);
}

function introspect(path: string, tree: Tree): string {
  const here = tree.contracts.filter((contract) =>
    contract.object === undefined
      ? contract.path === path
      : path.startsWith(`${contract.path}/`) && tree.children(contract.path).includes(lastOf(path)),
  );
  const below = path === "/" ? "/" : `${path}/`;
  const names = new Set<string>();
  for (const contract of tree.contracts) {
    if (contract.path.startsWith(below)) {
      names.add(contract.path.slice(below.length).split("/")[0] as string);
    }
    if (contract.object !== undefined && contract.path === path) {
      for (const child of tree.children(path)) names.add(child);
    }
  }
  return introspectionXml(here, [...names].sort());
}

export function lastOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
