import { type Conditionals, readConditionals } from "./conditionals.ts";
import { contextKindCount, type LabelledObject, readContexts, readGenfs } from "./contexts.ts";
import { Cursor } from "./cursor.ts";
import { Membership } from "./membership.ts";
import { type RuleTable, readRules } from "./rules.ts";
import { readSymbols, type Symbols } from "./symbols.ts";
import {
  type FilenameTransition,
  type RangeTransition,
  type RoleAllow,
  type RoleTransition,
  readFilenameTransitions,
  readRangeTransitions,
  readRoleAllows,
  readRoleTransitions,
} from "./transitions.ts";

const magic = 0xf97cff8c;
const label = "SE Linux";
const oldest = 24;
const newest = 35;
const versionNeverAudit = 35;
const maxSize = 64 * 1024 * 1024;
const symbolTables = 8;
const flags = { mls: 1, reject: 2, allow: 4 };

/** What stands in the file of a policy. */
export interface Content {
  version: number;
  mls: boolean;
  unknown: "deny" | "reject" | "allow";
  /** Numbers of the capabilities that are on. */
  capabilities: number[];
  permissive: number[];
  symbols: Symbols;
  rules: RuleTable;
  conditionals: Conditionals;
  roleTransitions: RoleTransition[];
  roleAllows: RoleAllow[];
  filenameTransitions: FilenameTransition[];
  rangeTransitions: RangeTransition[];
  labelled: LabelledObject[];
  membership: Membership;
}

/** @throws PolicyError */
export function read(bytes: Buffer): Content {
  const cursor = new Cursor(bytes);
  if (bytes.length > maxSize) cursor.fail(`it is longer than ${maxSize} bytes`);
  const { version, config } = readHeader(cursor);
  const capabilities = cursor.ebitmap("the capabilities").bits();
  const permissiveAt = cursor.at;
  const permissive = cursor.ebitmap("the permissive types");
  if (version >= versionNeverAudit) cursor.ebitmap("the types that are never audited");
  const symbols = readSymbols(cursor, version);
  const types = symbols.types.count;
  if (permissive.highest > types || permissive.has(0))
    cursor.fail("a type that is not there is permissive", permissiveAt);
  const limits = {
    ...{ version, types, classes: symbols.classes.count },
    ...{ roles: symbols.roles.count, users: symbols.users.count },
    processClass: symbols.classes.id("process") ?? 0,
  };
  const rules = readRules(cursor, limits);
  const conditionals = readConditionals(cursor, limits, symbols.booleans.count);
  const roleTransitions = readRoleTransitions(cursor, limits);
  const roleAllows = readRoleAllows(cursor, limits);
  const filenameTransitions = readFilenameTransitions(cursor, limits);
  const contexts = readContexts(cursor, limits, version);
  const genfs = readGenfs(cursor, limits);
  const rangeTransitions = readRangeTransitions(cursor, limits);
  const membership = Membership.read(cursor, types, symbols.attributes);
  if (cursor.left > 0) cursor.fail(`it goes on for ${cursor.left} bytes after its end`);
  return {
    ...{ version, capabilities, symbols, rules, conditionals, roleTransitions, roleAllows },
    ...{ filenameTransitions, rangeTransitions, membership },
    mls: (config & flags.mls) !== 0,
    unknown:
      (config & flags.reject) !== 0 ? "reject" : (config & flags.allow) !== 0 ? "allow" : "deny",
    permissive: permissive.bits(),
    labelled: [...contexts, ...genfs],
  };
}

function readHeader(cursor: Cursor): { version: number; config: number } {
  if (cursor.u32("the header") !== magic) cursor.fail("it is not a binary SELinux policy", 0);
  const length = cursor.u32("the header");
  if (length !== label.length || cursor.text(length, "header") !== label)
    cursor.fail("it is a policy of something other than the SELinux kernel", 4);
  const at = cursor.at;
  const version = cursor.u32("the header");
  if (version < oldest || version > newest)
    cursor.fail(`it has version ${version}, and known are ${oldest} to ${newest},`, at);
  const config = cursor.u32("the header");
  const tables = cursor.u32("the header");
  const contexts = cursor.u32("the header");
  if (tables !== symbolTables || contexts !== contextKindCount(version))
    cursor.fail("its header announces other tables than its version has", at + 8);
  return { version, config };
}
