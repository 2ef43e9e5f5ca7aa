/** What is encrypted at rest and in flight, what is not, and what nobody could check. */
import { useMemo } from "react";
import { ceph } from "../../../agent/ceph/contract.ts";
import {
  type Daemon,
  type Encryption,
  flightStates,
  restStates,
} from "../../../agent/ceph/encryption/answers.ts";
import { Answered } from "../../lib/answered.tsx";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { useQuery } from "../../lib/hooks.ts";
import { _ } from "../../lib/i18n.ts";
import { changeText, type ListView, readList } from "../../lib/list.ts";
import { Listing } from "../../lib/listing.tsx";
import { adjust, first } from "../../lib/location.ts";
import { Only } from "../../lib/only.tsx";
import { Search } from "../../lib/search.tsx";
import type { Column } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { changes } from "../changes.ts";
import { Counted } from "../counted.tsx";
import type { Part, PartProps } from "../part.ts";
import { flightColors, flightName, restColors, restName } from "./words.ts";

const everyMs = 30_000;
const pageSizes = [50, 100, 500, 1000];

function EncryptionTab({ place }: PartProps) {
  const view = useMemo(
    () => ({ ...readList(place, pageSizes), troubled: first(place, "troubled") === "yes" }),
    [place],
  );
  const filter = {
    ...{ search: view.text.trim(), troubled: view.troubled },
    ...{ cursor: view.cursor, limit: view.perPage },
  };
  const query = useQuery(JSON.stringify(filter), () => client(ceph).Encryption(filter), {
    ...{ every: everyMs, changes },
  });
  return (
    <Answered query={query}>
      {(data) => (
        <>
          <div className="ds-panels">
            <Counted
              title={_("At rest: OSDs")}
              counts={restStates.map((state) => ({
                ...{ state, count: data.rest[state], color: restColors[state] },
                name: restName(state),
              }))}
              why={_(
                "Ceph tells whose keys its monitors keep, and not what is on a device; nothing here counts as proved.",
              )}
            />
            <Counted
              title={_("In flight: daemons")}
              counts={flightStates.map((state) => ({
                ...{ state, count: data.flight[state], color: flightColors[state] },
                name: flightName(state),
              }))}
              why={_("What each daemon requires of new connections, as it runs now.")}
            />
          </div>
          <Findings findings={data.findings} />
          <Daemons view={view} daemons={data.daemons} stale={query.loading} />
        </>
      )}
    </Answered>
  );
}

function Findings({ findings }: { findings: readonly string[] }) {
  return (
    <section className="ds-panel ds-stack">
      <h2 className="pf-v6-c-title pf-m-md">{_("What is not encrypted or not known")}</h2>
      <ul className="ce-sentences">
        {findings.map((finding) => (
          <li key={finding}>{finding}</li>
        ))}
      </ul>
    </section>
  );
}

function columnsOf(): Column<Daemon>[] {
  return [
    { key: "name", title: _("Daemon"), render: ({ name }) => <strong>{name}</strong> },
    { key: "host", title: _("Host"), render: ({ host }) => host || _("unknown") },
    {
      key: "rest",
      title: _("At rest"),
      wrap: true,
      render: ({ rest, restWhy }) =>
        rest === undefined ? (
          <span className="ds-subtle">{_("stores nothing itself")}</span>
        ) : (
          <>
            <Tag color={restColors[rest]}>{restName(rest)}</Tag>
            <div className="ds-subtle">{restWhy}</div>
          </>
        ),
    },
    {
      key: "flight",
      title: _("In flight"),
      wrap: true,
      render: ({ flight, flightWhy }) => (
        <>
          <Tag color={flightColors[flight]}>{flightName(flight)}</Tag>
          <div className="ds-subtle">{flightWhy}</div>
        </>
      ),
    },
  ];
}

interface DaemonsProps {
  view: ListView & { troubled: boolean };
  daemons: Encryption["daemons"];
  stale: boolean;
}

function Daemons({ view, daemons, stale }: DaemonsProps) {
  const columns = useMemo(columnsOf, []);
  return (
    <section className="ds-stack">
      <div className="ds-toolbar">
        <Search
          label={_("Search in daemons and hosts")}
          text={view.text}
          maximum={200}
          change={changeText}
        />
        <Only
          name="troubled"
          on={view.troubled}
          label={_("Only what is not encrypted or not known")}
        />
      </div>
      <Listing
        label={_("Daemons")}
        pagesLabel={_("Pages of daemons")}
        noMatch={_("No daemon matches")}
        clear={() => adjust({ text: [], troubled: [], cursor: [] })}
        columns={columns}
        page={daemons}
        keyOf={({ name }) => name}
        view={view}
        sizes={pageSizes}
        stale={stale}
      />
    </section>
  );
}

export const encryption: Part = {
  key: "encryption",
  title: () => _("Encryption"),
  help: () => ({
    text: _(
      "At rest, ceph-volume encrypts an OSD’s devices when it is made with --dmcrypt, and the monitors keep the key. In flight, protocol v2 encrypts where ms_*_mode is secure; crc among them allows connections that anybody on the way can read.",
    ),
    commands: [
      commandOf(ceph, "Encryption", [{}]),
      "ceph config show osd.0 ms_cluster_mode",
      "ceph-volume lvm list",
    ],
  }),
  Body: EncryptionTab,
};
