/** What the policy leaves to be set, and what it is made of. */
import { type ReactNode, useMemo } from "react";
import { selinux } from "../../../agent/selinux/contract.ts";
import type { Settings } from "../../../agent/selinux/settings/answers.ts";
import { useAccess } from "../../lib/capabilities.tsx";
import { client, listen } from "../../lib/client.ts";
import { useQuery } from "../../lib/hooks.ts";
import { _, format, ngettext, number } from "../../lib/i18n.ts";
import { changeText } from "../../lib/list.ts";
import { first, type Place } from "../../lib/location.ts";
import { Search } from "../../lib/search.tsx";
import { Failure, Loading, Nothing, Stale } from "../../lib/states.tsx";
import { type Column, Table } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { find } from "./find.ts";
import {
  booleanColumns,
  fileSystemColumns,
  loginColumns,
  portColumns,
  userColumns,
} from "./lists.tsx";

const everyMs = 15_000;
const changes = (changed: () => void) => listen(selinux, "Changed", changed);

export function SettingsTab({ place }: { place: Place }) {
  const text = first(place, "text");
  const query = useQuery("settings", () => client(selinux).Settings(), { every: everyMs, changes });
  const { data, error } = query;
  if (!data) return error ? <Failure error={error} retry={query.refresh} /> : <Loading />;
  return (
    <div className="ds-stack">
      <Stale error={error} />
      <About settings={data} />
      {data.policy ? (
        <>
          <Search
            label={_("Search in all settings")}
            text={text}
            maximum={200}
            change={changeText}
          />
          <Lists settings={data} text={text} />
        </>
      ) : (
        <section className="ds-panel">
          <Nothing title={_("No policy was found")}>
            {_("The kernel has loaded none, and none lies on the disk for the next start.")}
          </Nothing>
        </section>
      )}
    </div>
  );
}

/** Settings of a policy that nobody enforces hold nobody back. */
function About({ settings: { policy, unknown } }: { settings: Settings }) {
  return (
    <>
      {policy?.from === "store" && (
        <p data-from="store">
          <Tag color="orange">{_("not loaded")}</Tag>{" "}
          {format(
            _(
              "SELinux is off. What stands here is of the policy in $0, which the next start would load.",
            ),
            policy.path,
          )}
        </p>
      )}
      {unknown.length > 0 && (
        <ul className="se-names">
          {unknown.map(({ what, reason }) => (
            <li key={what}>
              <Tag color="grey">{_("unknown")}</Tag> {format(_("$0: $1"), what, reason)}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Lists({ settings, text }: { settings: Settings; text: string }) {
  const access = useAccess();
  const found = useMemo(() => find(settings, text), [settings, text]);
  const booleans = useMemo(() => booleanColumns(access), [access]);
  const searched = text.trim() !== "";
  const none = Object.values(found).every(({ length }) => length === 0);
  if (searched && none) return <Nothing title={_("No setting matches")} />;
  const { store } = settings;
  return (
    <>
      <List
        title={_("Booleans")}
        means={_("Parts of the policy that can be switched on and off without another policy.")}
        rows={found.booleans}
        columns={booleans}
        keyOf={({ name }) => name}
        searched={searched}
        open
      />
      <Names
        title={_("Permissive domains")}
        means={_("Domains that the kernel refuses nothing to. There should be none.")}
        names={found.permissive.map((name) => ({ name, bad: true }))}
        searched={searched}
      />
      <Part title={_("Modules")} count={found.modules.length} searched={searched}>
        <p className="ds-subtle">
          {store?.ours
            ? _("What Debian’s policy has for these groups is in, and nothing else of it.")
            : _("The policy was not built by this agent.")}
        </p>
        <dl className="ds-facts">
          {found.modules.map(({ name, reason, modules }) => (
            <div key={name} className="se-fact">
              <dt>{name}</dt>
              <dd>
                {reason} <code className="se-code">{modules.join(" ")}</code>
              </dd>
            </div>
          ))}
        </dl>
      </Part>
      <List
        title={_("Logins")}
        means={_("As which SELinux user somebody works who logs in.")}
        rows={found.logins}
        columns={loginColumns()}
        keyOf={({ login }) => login}
        searched={searched}
      />
      <List
        title={_("SELinux users")}
        means={_("Which roles and levels each may take.")}
        rows={found.users}
        columns={userColumns()}
        keyOf={({ name }) => name}
        searched={searched}
      />
      <List
        title={_("Ports")}
        means={_("Types of ports: programs may use only those that rules name.")}
        rows={found.ports}
        columns={portColumns()}
        keyOf={({ type, protocol, range }) => `${type} ${protocol} ${range}`}
        searched={searched}
      />
      <List
        title={_("File systems")}
        means={_("Where the labels of files come from, by the file system that they lie in.")}
        rows={found.fileSystems}
        columns={fileSystemColumns()}
        keyOf={({ name, path }) => `${name} ${path}`}
        searched={searched}
      />
      <Names
        title={_("Policy capabilities")}
        means={_("Checks of the kernel that the policy asks for.")}
        names={found.capabilities.map(({ name, on }) => ({ name, off: !on }))}
        searched={searched}
      />
    </>
  );
}

interface PartProps {
  title: string;
  count: number;
  searched: boolean;
  open?: boolean;
  children: ReactNode;
}

/** Folded, since a policy has hundreds of each; a search opens what it found. */
function Part({ title, count, searched, open = false, children }: PartProps) {
  if (searched && count === 0) return null;
  return (
    <details className="ds-panel se-part" open={open || searched} data-part={title}>
      <summary>
        <h2 className="pf-v6-c-title pf-m-md">{format(_("$0 ($1)"), title, number(count))}</h2>
      </summary>
      <div className="ds-stack">{children}</div>
    </details>
  );
}

interface ListProps<Row> {
  title: string;
  means: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  keyOf: (row: Row) => string;
  searched: boolean;
  open?: boolean;
}

function List<Row>(props: ListProps<Row>) {
  const { title, means, rows, columns, keyOf, searched, open = false } = props;
  return (
    <Part title={title} count={rows.length} searched={searched} open={open}>
      <p className="ds-subtle">{means}</p>
      {rows.length === 0 ? (
        <p>{_("None.")}</p>
      ) : (
        <Table label={title} columns={columns} rows={rows} keyOf={keyOf} />
      )}
    </Part>
  );
}

function Names(props: {
  title: string;
  means: string;
  names: readonly { name: string; bad?: boolean; off?: boolean }[];
  searched: boolean;
}) {
  const { title, means, names, searched } = props;
  const bad = names.filter((one) => one.bad).length;
  return (
    <Part title={title} count={names.length} searched={searched} open={bad > 0}>
      <p className="ds-subtle">{means}</p>
      {bad > 0 && <p className="ds-bad">{ngettext("$0 domain", "$0 domains", bad)}</p>}
      {names.length === 0 ? (
        <p>{_("None.")}</p>
      ) : (
        <ul className="ds-chips">
          {names.map(({ name, bad: isBad, off }) => (
            <li key={name}>
              <Tag color={isBad ? "red" : off ? "grey" : "blue"}>
                {off ? format(_("$0: off"), name) : name}
              </Tag>
            </li>
          ))}
        </ul>
      )}
    </Part>
  );
}
