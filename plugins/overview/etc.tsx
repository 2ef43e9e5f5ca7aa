/** Who changed what in /etc, and what nobody answers for yet. */

import { node } from "../../agent/node/contract.ts";
import type { EtcHistory } from "../../agent/node/etc/answers.ts";
import { client } from "../lib/client.ts";
import { commandOf } from "../lib/command.ts";
import { Dialog } from "../lib/dialog.tsx";
import { Command } from "../lib/help.tsx";
import { useQuery } from "../lib/hooks.ts";
import { _, dateTime, format, ngettext, number } from "../lib/i18n.ts";
import { Failure, Loading } from "../lib/states.tsx";
import { Tag, type TagColor } from "../lib/tag.tsx";

type Open = EtcHistory["open"][number];
type Commit = EtcHistory["commits"][number];

export function EtcDialog() {
  const query = useQuery("etc", () => client(node).EtcHistory());
  const { data, error } = query;
  return (
    <Dialog title={_("Changes of /etc")} size="large">
      {data ? (
        <History history={data} />
      ) : error ? (
        <Failure error={error} retry={query.refresh} />
      ) : (
        <Loading rows={3} />
      )}
      <Command text={commandOf(node, "EtcHistory", [])} />
    </Dialog>
  );
}

function History({ history: { tracked, open, openTotal, commits } }: { history: EtcHistory }) {
  if (!tracked) {
    return (
      <>
        <p>{_("/etc is under no version control, so nobody can say who changed it.")}</p>
        <Command text="apt install etckeeper" />
      </>
    );
  }
  return (
    <>
      <section className="ds-stack" aria-label={_("Not on record yet")}>
        <h2 className="pf-v6-c-title pf-m-md">{_("Not on record yet")}</h2>
        {open.length === 0 && <p className="ds-subtle">{_("Nothing: all is committed.")}</p>}
        <ul>
          {open.map(({ change, path }) => (
            <li key={path}>
              <Tag color={colors[change]}>{changeName(change)}</Tag>{" "}
              <code className="ds-read">{path}</code>
            </li>
          ))}
        </ul>
        {openTotal > open.length && <p>{more(openTotal - open.length)}</p>}
      </section>
      <section className="ds-stack" aria-label={_("On record")}>
        <h2 className="pf-v6-c-title pf-m-md">{_("On record")}</h2>
        <p className="ds-subtle">
          {_("The names are those of the commits; whoever has root can write others.")}
        </p>
        {commits.map((commit) => (
          <Entry key={commit.hash} commit={commit} />
        ))}
      </section>
    </>
  );
}

function Entry({ commit: { hash, at, author, subject, paths, pathsTotal } }: { commit: Commit }) {
  return (
    <article>
      <p>
        <strong>{subject}</strong> <code>{hash.slice(0, 10)}</code>
      </p>
      <p className="ds-subtle">{format(_("$0 on $1"), author, dateTime(at))}</p>
      <p>
        <code className="ds-read">{paths.join(" ")}</code>{" "}
        {pathsTotal > paths.length && more(pathsTotal - paths.length)}
      </p>
    </article>
  );
}

function more(count: number): string {
  return format(ngettext("and $0 file more", "and $0 files more", count), number(count));
}

const colors: Record<Open["change"], TagColor> = {
  ...{ added: "green", changed: "orange", deleted: "red", conflict: "red" },
};

function changeName(change: Open["change"]): string {
  const names = {
    added: _("added"),
    changed: _("changed"),
    deleted: _("deleted"),
    conflict: _("in conflict"),
  };
  return names[change];
}
