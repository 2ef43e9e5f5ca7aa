/** What a policy has that another has not, rule by rule. */
import { useMemo } from "react";
import { selinux } from "../../../agent/selinux/contract.ts";
import {
  type Comparison,
  type DifferenceRow,
  sections,
} from "../../../agent/selinux/loads/answers.ts";
import { ChoiceMenu } from "../../lib/choice.tsx";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { CheckField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, format, number } from "../../lib/i18n.ts";
import { changeOption, readList } from "../../lib/list.ts";
import { ListPages } from "../../lib/list-pages.tsx";
import { first, type Place } from "../../lib/location.ts";
import { Failure, Loading, Nothing, Stale } from "../../lib/states.tsx";
import { type Column, Table } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { tabAddress } from "../view.ts";
import { Weakens } from "./load.tsx";
import { sectionName, short } from "./words.ts";

const pageSizes = [50, 100, 500];

export function Compare({ place }: { place: Place }) {
  const before = first(place, "before") || "loaded";
  const after = first(place, "after");
  const { cursor, perPage } = readList(place, pageSizes);
  const section = sections.find((one) => one === first(place, "section"));
  const weakens = first(place, "weakens") === "yes";
  const filter = {
    ...(section && { section }),
    ...(weakens && { weakens }),
    ...{ cursor, limit: perPage },
  };
  const query = useQuery(JSON.stringify([before, after, filter]), () =>
    client(selinux).Compare(before, after, filter),
  );
  const { data, error } = query;
  return (
    <div className="ds-stack">
      <a href={tabAddress("policies")}>{_("All policies")}</a>
      {data ? (
        <>
          <Stale error={error} />
          <Summary comparison={data} />
          {!data.same && (
            <>
              <div className="ds-toolbar">
                <ChoiceMenu
                  label={_("Kind of difference")}
                  value={section ?? ""}
                  options={[
                    ["", _("All differences")],
                    ...data.counts.map((one) => [one.section, countWords(one)] as [string, string]),
                  ]}
                  change={(value) => changeOption("section", value)}
                />
                <CheckField
                  label={_("Only what gives more rights")}
                  value={weakens}
                  change={(value) => changeOption("weakens", value ? "yes" : "")}
                />
              </div>
              <Rows comparison={data} stale={query.loading} />
              <ListPages
                label={_("Pages of differences")}
                view={{ cursor, perPage }}
                shown={data.rows.length}
                total={data.total}
                next={data.next}
                sizes={pageSizes}
              />
            </>
          )}
        </>
      ) : error ? (
        <Failure error={error} retry={query.refresh} />
      ) : (
        <Loading />
      )}
      <div>
        <p className="ds-subtle">{_("The same from the command line:")}</p>
        <Command text={commandOf(selinux, "Compare", [before, after, {}])} />
      </div>
    </div>
  );
}

function countWords({ section, added, removed }: Comparison["counts"][number]): string {
  return format(_("$0 (+$1 −$2)"), sectionName(section), number(added), number(removed));
}

function Summary({ comparison }: { comparison: Comparison }) {
  const { before, after, same, weakens, counts } = comparison;
  return (
    <section className="ds-panel ds-stack" data-same={same}>
      <h2 className="pf-v6-c-title pf-m-md">
        {format(
          _("From $0 to $1"),
          before.policy ? short(before.policy) : _("the loaded policy"),
          after.policy ? short(after.policy) : _("the loaded policy"),
        )}
      </h2>
      {same ? (
        <p>{_("Both say the same.")}</p>
      ) : (
        <>
          <Weakens sentences={weakens} />
          <ul className="ds-chips">
            {counts.map((count) => (
              <li key={count.section}>
                <Tag color={count.weakens > 0 ? "orange" : "grey"}>{countWords(count)}</Tag>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Rows({ comparison, stale }: { comparison: Comparison; stale: boolean }) {
  const columns = useMemo(differenceColumns, []);
  if (comparison.rows.length === 0) return <Nothing title={_("No such difference")} />;
  return (
    <Table
      label={_("Differences")}
      columns={columns}
      rows={comparison.rows}
      keyOf={({ section, change, text }) => `${section} ${change} ${text}`}
      stale={stale}
    />
  );
}

function differenceColumns(): Column<DifferenceRow>[] {
  return [
    {
      key: "change",
      title: _("Change"),
      render: ({ change }) => (
        <Tag color={change === "added" ? "blue" : "grey"}>
          {change === "added" ? _("comes") : _("goes")}
        </Tag>
      ),
    },
    { key: "section", title: _("Kind"), render: ({ section }) => sectionName(section) },
    {
      key: "text",
      title: _("What"),
      wrap: true,
      render: ({ text, weakens }) => (
        <>
          <code className="se-code">{text}</code>{" "}
          {weakens && <Tag color="orange">{_("gives more rights")}</Tag>}
        </>
      ),
    },
  ];
}
