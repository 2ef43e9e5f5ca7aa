/** Requests that wait for a second person: approve, reject, withdraw, or carry out when approved. */
import { useState } from "react";
import { type ApprovalRecord, approvals } from "../../agent/approvals/contract.ts";
import type { Interface, Method } from "../../agent/bus/contract.ts";
import { ActionButton } from "./action-button.tsx";
import { useAccess } from "./capabilities.tsx";
import { client, invoke, listen } from "./client.ts";
import { Dialog, showDialog } from "./dialog.tsx";
import { toPageError } from "./errors.ts";
import { TextField } from "./fields.tsx";
import { useQuery } from "./hooks.ts";
import { _, format, relativeTime } from "./i18n.ts";
import { watchJob } from "./jobs.ts";
import { PageLink } from "./page-link.tsx";
import { Tag, type TagColor } from "./tag.tsx";
import { toast } from "./toasts.tsx";

const changes = (changed: () => void) => listen(approvals, "Changed", changed);

const colors: Record<ApprovalRecord["state"], TagColor> = {
  pending: "orange",
  approved: "green",
  rejected: "red",
  used: "grey",
  expired: "grey",
};

function stateName({ state, needed, approvers }: ApprovalRecord): string {
  const names = {
    pending:
      needed === 1
        ? _("waits for a second person")
        : format(_("$0 of $1 approved"), approvers.length, needed),
    approved: _("approved"),
    rejected: _("rejected"),
    used: _("carried out"),
    expired: _("expired"),
  };
  return names[state];
}

/** Who could approve still, as it was when it was asked for. */
function waitingFor({ needed, approvers, candidates }: ApprovalRecord): string {
  const left = candidates.map(({ user }) => user).filter((user) => !approvers.includes(user));
  if (left.length === 0) return _("nobody who could approve it");
  const names = left.join(", ");
  const missing = needed - approvers.length;
  return left.length === missing ? names : format(_("$0 of $1"), missing, names);
}

interface Props {
  /** Contracts of the page itself: what is asked of others is carried out on their pages. */
  own: readonly Interface[];
  /** Asks for the content that was approved by its hash alone, and sends it in base64. */
  askContent?: (record: ApprovalRecord, send: (content: string) => Promise<void>) => void;
}

/** Open requests; nothing is shown where there is none, or where the person may not see them. */
export function Approvals(props: Props) {
  const { data } = useQuery("approvals", () => client(approvals).List(), { changes });
  const open = (data ?? []).filter(({ state }) => state === "pending" || state === "approved");
  if (open.length === 0) return null;
  return (
    <section className="ds-approvals" aria-labelledby="ds-approvals-title">
      <h2 id="ds-approvals-title" className="pf-v6-c-title pf-m-md">
        {_("Approvals")}
      </h2>
      {open.map((record) => (
        <Request key={record.id} {...props} record={record} />
      ))}
    </section>
  );
}

function Request(props: Props & { record: ApprovalRecord }) {
  const { record } = props;
  const { who, why } = useAccess();
  const own = who?.uid === record.requesterUid;
  const notOwn = own ? _("You asked for it yourself; another person must decide.") : undefined;
  const mayDecide = notOwn ?? why(approvals, "approve");
  const approved = record.approvers.includes(who?.user ?? "");
  const notAgain = approved ? _("You approved it; another person must, too.") : undefined;
  return (
    <article className="ds-approval" data-request={record.id}>
      <div className="ds-job-head">
        {record.tenant && <strong>{record.tenant}</strong>}
        {record.object && record.object !== record.tenant && (
          <strong className="ds-hash">{record.object}</strong>
        )}
        <span>{record.description}</span>
        <Tag color={colors[record.state]}>{stateName(record)}</Tag>
        <span className="ds-subtle">
          {format(
            _("request $0 by $1, expires $2"),
            record.id,
            record.requester,
            relativeTime(record.expiresAt),
          )}
        </span>
        {record.state === "pending" && record.approvers.length > 0 && (
          <span>{format(_("approved by $0"), record.approvers.join(", "))}</span>
        )}
        {record.state === "pending" && (
          <span className="ds-subtle">{format(_("waiting for $0"), waitingFor(record))}</span>
        )}
        <span className="ds-grow" />
        {record.state === "pending" && (
          <>
            <ActionButton
              size="sm"
              variant="primary"
              why={mayDecide ?? notAgain}
              onClick={() => showDialog(<ApproveDialog record={record} />)}
            >
              {_("Approve")}
            </ActionButton>
            <ActionButton
              size="sm"
              variant="secondary"
              why={mayDecide}
              onClick={() => showDialog(<RejectDialog record={record} />)}
            >
              {_("Reject")}
            </ActionButton>
          </>
        )}
        {own && record.state === "approved" && <CarryOut {...props} />}
        {own && (
          <ActionButton
            size="sm"
            variant="link"
            why={why(approvals, "withdraw")}
            onClick={() => withdraw(record)}
          >
            {_("Withdraw")}
          </ActionButton>
        )}
      </div>
    </article>
  );
}

function Facts({ record }: { record: ApprovalRecord }) {
  return (
    <dl className="ds-facts">
      <dt>{_("Act")}</dt>
      <dd>{record.description}</dd>
      <dt>{_("Asked by")}</dt>
      <dd>{record.requester}</dd>
      <dt>{_("Approvals")}</dt>
      <dd>
        {format(_("$0 of $1"), record.approvers.length, record.needed)}
        {record.approvers.length > 0 && `: ${record.approvers.join(", ")}`}
      </dd>
      {record.state === "pending" && (
        <>
          <dt>{_("Waiting for")}</dt>
          <dd>{waitingFor(record)}</dd>
        </>
      )}
      <dt>{_("Member")}</dt>
      <dd>
        <code>{record.member}</code>
      </dd>
      <dt>{_("Arguments")}</dt>
      <dd>
        <code>{record.arguments}</code>
      </dd>
      <dt>{_("SHA3-512")}</dt>
      <dd>
        <code className="ds-hash">{record.hash}</code>
      </dd>
    </dl>
  );
}

function ApproveDialog({ record }: { record: ApprovalRecord }) {
  return (
    <Dialog
      title={format(_("Approve request $0?"), record.id)}
      action={_("Approve exactly this")}
      danger
      run={async () => {
        const { state } = await client(approvals).Approve(record.id, record.hash);
        const text =
          state === "approved"
            ? format(_("Approved; $0 can carry it out now"), record.requester)
            : _("Approved; others must approve it, too");
        toast("success", text);
      }}
    >
      <p>
        {_(
          "You approve exactly these arguments, once. After that the person who asked carries it out.",
        )}
      </p>
      <Facts record={record} />
    </Dialog>
  );
}

function RejectDialog({ record }: { record: ApprovalRecord }) {
  const [reason, setReason] = useState("");
  return (
    <Dialog
      title={format(_("Reject request $0?"), record.id)}
      action={_("Reject for good")}
      run={async () => {
        await client(approvals).Reject(record.id, reason);
        toast("success", _("Rejected"));
      }}
    >
      <Facts record={record} />
      <TextField
        label={_("Reason")}
        hint={_("for the person who asked, and for the record")}
        value={reason}
        autoFocus
        change={setReason}
      />
    </Dialog>
  );
}

async function withdraw(record: ApprovalRecord): Promise<void> {
  try {
    await client(approvals).Withdraw(record.id);
  } catch (cause) {
    toast("danger", _("The request could not be withdrawn"), toPageError(cause).message);
  }
}

function CarryOut({ record, own, askContent }: Props & { record: ApprovalRecord }) {
  const [subsystem = "", member = ""] = record.member.split(".");
  const definition = own.find((one) => one.subsystem === subsystem);
  const method: Method | undefined = definition?.methods[member];
  const hasContent = method?.in.some(({ content }) => content !== undefined) ?? false;
  if (!definition || !method || (hasContent && !askContent)) {
    return <PageLink page={subsystem}>{_("Carry it out on its own page")}</PageLink>;
  }
  const act = (content?: string) => askAgain(record, definition, member, content);
  return (
    <ActionButton
      size="sm"
      variant="danger"
      why={undefined}
      onClick={() => (hasContent ? askContent?.(record, act) : carryOut(record, act))}
    >
      {_("Carry out now")}
    </ActionButton>
  );
}

async function carryOut(record: ApprovalRecord, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (cause) {
    toast("danger", format(_("“$0” failed"), record.description), toPageError(cause).message);
  }
}

/** Asks for the very same thing again, which the approval now lets through. */
async function askAgain(
  record: ApprovalRecord,
  definition: Interface,
  member: string,
  content?: string,
): Promise<void> {
  const method = definition.methods[member] as Method;
  const asked = JSON.parse(record.arguments) as Record<string, unknown>;
  const inputs = method.in.map((one) => (one.content === undefined ? asked[one.name] : content));
  const result = await invoke(definition, definition.path, member, method, inputs);
  if (method.job) await watchJob(String(result));
}
