/** Another placement rule for a pool: predicted first, and only then asked for. */
import { useState } from "react";
import * as v from "valibot";
import { ceph } from "../../../agent/ceph/contract.ts";
import {
  type PoolDetail,
  type RuleRow,
  ruleFilterSchema,
} from "../../../agent/ceph/pools/answers.ts";
import { reasonSchema } from "../../../agent/hsm/keys/answers.ts";
import { askFor } from "../../lib/ask.ts";
import { problemOf } from "../../lib/check.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { ChoiceField, TextField } from "../../lib/fields.tsx";
import { Command } from "../../lib/help.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _, format } from "../../lib/i18n.ts";
import { SecondPerson } from "../../lib/second-person.tsx";
import { Failure, Loading } from "../../lib/states.tsx";
import { Tag } from "../../lib/tag.tsx";
import { Reach } from "../pools/reach.tsx";
import { verdictColors, verdictName } from "../pools/words.ts";
import { Predicted, usePrediction } from "./prediction.tsx";
import { changeWords, refusalOf } from "./words.ts";

/** A cluster has 256 rules at most. */
const all = v.parse(ruleFilterSchema, { limit: 1000 });

export function RuleDialog({ pool }: { pool: PoolDetail }) {
  const [rule, setRule] = useState("");
  const [reason, setReason] = useState("");
  const change = { what: "rule", pool: pool.name, rule } as const;
  const query = usePrediction(rule === "" ? undefined : change);
  const { data } = query;
  const isRefused = data !== undefined && refusalOf(data) !== "";
  const problem = problemOf(reasonSchema, reason);
  const inputs = [pool.name, rule, reason] as const;
  const done = format(_("$0: the comparison follows below “Changes”"), changeWords(change));
  return (
    <Dialog
      title={format(_("Place $0 by another rule?"), pool.name)}
      action={_("Ask for it")}
      danger
      invalid={data === undefined || isRefused || problem !== ""}
      run={() => askFor(() => client(ceph).SetPoolRule(...inputs), done)}
    >
      {!isRefused && <SecondPerson />}
      <p>
        {_(
          "Copies that are elsewhere than the new rule says are copied to where it says. The pool goes on serving meanwhile.",
        )}
      </p>
      <RuleField pool={pool} rule={rule} change={setRule} />
      <dl className="ds-facts">
        <dt>{_("Jurisdictions now")}</dt>
        <dd data-fact="now">
          <Reach reach={pool} />{" "}
          <Tag color={verdictColors[pool.verdict]}>{verdictName(pool.verdict)}</Tag>
        </dd>
      </dl>
      <Predicted query={query} missing={_("Choose a rule, and what it does is told here.")} />
      <TextField
        label={_("Reason")}
        required
        value={reason}
        problem={problem}
        hint={_("for the record")}
        change={setReason}
      />
      {data && !isRefused && problem === "" && (
        <Command text={commandOf(ceph, "SetPoolRule", [...inputs])} />
      )}
    </Dialog>
  );
}

interface FieldProps {
  pool: PoolDetail;
  rule: string;
  change: (rule: string) => void;
}

function RuleField({ pool, rule, change }: FieldProps) {
  const { data, error, refresh } = useQuery("rules", () => client(ceph).Rules(all));
  if (!data) return error ? <Failure error={error} retry={refresh} /> : <Loading rows={1} />;
  const others = data.rows.filter(({ name, kind }) => name !== pool.rule && kind === pool.kind);
  if (others.length === 0) {
    return (
      <div className="ds-stack">
        <p>{_("There is no other rule that fits it. The cluster’s administrator makes one:")}</p>
        <Command text="ceph osd crush rule create-replicated NAME ROOT TYPE" />
      </div>
    );
  }
  return (
    <ChoiceField
      label={_("Rule")}
      required
      value={rule}
      hint={format(_("it is $0 now"), pool.rule || _("unknown"))}
      change={change}
      options={[
        { value: "", label: _("choose one") },
        ...others.map((one) => ({ value: one.name, label: ruleLabel(one) })),
      ]}
    />
  );
}

function ruleLabel({ name, jurisdictions, certain }: RuleRow): string {
  if (!certain) return format(_("$0: not known where it reaches"), name);
  return format(_("$0: reaches $1"), name, jurisdictions.join(", "));
}
