/** Key ceremonies: those on record, one in full, and starting another. */
import KeyIcon from "@patternfly/react-icons/dist/esm/icons/key-icon";
import type { CeremonyRow } from "../../../agent/hsm/ceremony/answers.ts";
import { hsm } from "../../../agent/hsm/contract.ts";
import { ActionButton } from "../../lib/action-button.tsx";
import { useAccess } from "../../lib/capabilities.tsx";
import { client, listen } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { showDialog } from "../../lib/dialog.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, dateTime, format, number } from "../../lib/i18n.ts";
import { Failure, Loading, Nothing, Stale } from "../../lib/states.tsx";
import { type Column, Table } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import type { Part, PartProps } from "../part.ts";
import { CeremonyView } from "./ceremony.tsx";
import { StartDialog } from "./start.tsx";
import { ceremoniesKey, ceremonyAddress, stateColors, stateName } from "./words.ts";

const changes = (changed: () => void) =>
  listen(hsm, "Changed", (what) => what === "ceremonies" && changed());

function CeremoniesTab({ place, drivers }: PartProps) {
  const id = place.path[1];
  if (id !== undefined) return <CeremonyView key={id} id={id} />;
  return <List drivers={drivers} />;
}

function List({ drivers }: Pick<PartProps, "drivers">) {
  const { why } = useAccess();
  const query = useQuery("ceremonies", () => client(hsm).Ceremonies(), { changes });
  const scripts = useQuery("scripts", () => client(hsm).CeremonyScripts());
  const { data, error } = query;
  if (!data) return error ? <Failure error={error} retry={query.refresh} /> : <Loading />;
  const names = drivers.rows.map(({ name }) => name);
  const start = () =>
    scripts.data && showDialog(<StartDialog scripts={scripts.data} drivers={names} />);
  const notYet = scripts.data ? undefined : _("The scripts are not known yet.");
  return (
    <div className="ds-stack">
      <Stale error={error} />
      <div className="ds-toolbar">
        <ActionButton variant="primary" why={why(hsm, "ceremony") ?? notYet} onClick={start}>
          {_("Start a ceremony")}
        </ActionButton>
      </div>
      {data.length === 0 ? (
        <Nothing title={_("No ceremony was held yet")} icon={KeyIcon}>
          {_("Start with a rehearsal: its steps are the same, and nothing of it is of use.")}
        </Nothing>
      ) : (
        <Table
          label={_("Key ceremonies")}
          columns={columns()}
          rows={data}
          keyOf={({ id }) => id}
          stale={error !== undefined}
        />
      )}
    </div>
  );
}

function columns(): Column<CeremonyRow>[] {
  return [
    {
      key: "title",
      title: _("Ceremony"),
      wrap: true,
      render: ({ id, title, options }) => (
        <>
          <a className="ds-name" href={ceremonyAddress(id)}>
            {title}
          </a>
          {options.tenant && <div className="ds-subtle">{options.tenant}</div>}
        </>
      ),
    },
    {
      key: "state",
      title: _("State"),
      render: ({ state, rehearsal }) => (
        <span className="hsm-tags">
          <Tag color={stateColors[state]}>{stateName(state)}</Tag>
          {rehearsal && <Tag color="orange">{_("REHEARSAL")}</Tag>}
        </span>
      ),
    },
    {
      key: "steps",
      title: _("Steps"),
      render: ({ done, of }) => format(_("$0 of $1"), number(done), number(of)),
    },
    {
      key: "started",
      title: _("Started"),
      render: ({ startedAt, startedBy }) => format(_("$0 by $1"), dateTime(startedAt), startedBy),
    },
  ];
}

export const ceremonies: Part = {
  key: ceremoniesKey,
  title: () => _("Ceremonies"),
  help: () => ({
    text: _(
      "A ceremony makes what everything rests on in front of witnesses: its steps are fixed beforehand under a hash, two officers confirm each with their own accounts, and what the token says is read back. In the end there is a signed record that anybody can verify.",
    ),
    commands: [
      commandOf(hsm, "CeremonyScripts", []),
      commandOf(hsm, "StartCeremony", ["authority-root", {}, true]),
      commandOf(hsm, "Ceremonies", []),
    ],
  }),
  Body: CeremoniesTab,
};
