// @ts-check
import { join } from "node:path";
import { ensureImage } from "../image/import.js";
import { ensureBuilt, ensureNodeModules, ensurePackages, RUN_PACKAGES } from "./install.js";
import { ensureUser, members } from "./lib/accounts.js";
import { incusApi } from "./lib/incus-api.js";
import { systemStack } from "./system.js";

/** @param {string} name @param {string} outcome @param {string} [detail] */
function tell(name, outcome, detail) {
  console.log(`${name.padEnd(10)} ${outcome}${detail ? `: ${detail}` : ""}`);
}

/** @param {string[]} args */
function userOf(args) {
  if (args.length === 0) return null;
  const [flag, name] = args;
  if (flag !== "--user" || name === undefined || args.length > 2)
    throw new Error("usage: npm start [-- --user NAME]");
  return name;
}

/** @param {string} user */
async function welcome(user) {
  const password = await ensureUser(user, ["dsecos-operator"]);
  if (password === null) return `${user} is in dsecos-operator; log in with the password they have`;
  return `log in as ${user} with the password ${password} (shown this once)`;
}

async function advice() {
  const people = await members();
  if (people.length > 0) return `log in as one of: ${people.join(", ")}`;
  return [
    "nobody is in a dsecos group yet (and root may not log in). Either",
    "  npm start -- --user NAME                   makes an operator with a random password",
    "or, for somebody with an account,",
    "  usermod --append --groups dsecos-operator NAME   runs tenants",
    "  usermod --append --groups dsecos-officer NAME    approves what needs a second person",
  ].join("\n");
}

async function main() {
  const user = userOf(process.argv.slice(2));
  if (process.getuid?.() !== 0)
    throw new Error("npm start sets up system services: run it as root");
  const installed = await ensurePackages(RUN_PACKAGES);
  tell("packages", installed.length ? `installed ${installed.join(", ")}` : "already there");
  tell("modules", (await ensureNodeModules()) ? "installed" : "already there");
  tell("build", (await ensureBuilt()) ? "done" : "up to date");
  const stack = systemStack();
  await stack.start(({ name, outcome, detail }) => tell(name, outcome, detail));
  const api = incusApi(join(stack.context.incusDirectory, "unix.socket"));
  tell("image", (await ensureImage(api)) || "already there");
  console.log(`\nhttp://127.0.0.1:${stack.cockpit.port()}/dsecos/tenants`);
  console.log(user === null ? await advice() : await welcome(user));
}

try {
  await main();
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
