/** One text searches all settings: whoever looks for a name does not know in which list it is. */
import type { Settings } from "../../../agent/selinux/settings/answers.ts";

type Lists = Pick<
  Settings,
  "booleans" | "permissive" | "users" | "logins" | "ports" | "capabilities" | "fileSystems"
> & { modules: NonNullable<Settings["store"]>["modules"] };

const has = (text: string, ...parts: (string | readonly string[])[]) =>
  parts.flat().some((part) => part.toLowerCase().includes(text));

/** @returns the lists with what has the text in a name or a description */
export function find(settings: Settings, typed: string): Lists {
  const text = typed.trim().toLowerCase();
  const { booleans, permissive, users, logins, ports, capabilities, fileSystems, store } = settings;
  return {
    booleans: booleans.filter(({ name, description }) => has(text, name, description)),
    permissive: permissive.filter((name) => has(text, name)),
    users: users.filter(({ name, roles }) => has(text, name, roles)),
    logins: logins.filter(({ login, user }) => has(text, login, user)),
    ports: ports.filter(({ type, protocol, range }) => has(text, type, `${protocol} ${range}`)),
    capabilities: capabilities.filter(({ name }) => has(text, name)),
    fileSystems: fileSystems.filter(({ name, path, type }) => has(text, name, path, type)),
    modules: (store?.modules ?? []).filter(({ name, reason, modules }) =>
      has(text, name, reason, modules),
    ),
  };
}
