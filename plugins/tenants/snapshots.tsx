/** Snapshots of one instance: put it back to one, or delete one. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { instances } from "../../agent/instances/contract.ts";
import { ActionButton } from "../lib/action-button.tsx";
import { useAccess } from "../lib/capabilities.tsx";
import { client } from "../lib/client.ts";
import { Dialog, showDialog } from "../lib/dialog.tsx";
import { useQuery } from "../lib/hooks.ts";
import { _, dateTime, format, relativeTime, size } from "../lib/i18n.ts";
import { watchJob } from "../lib/jobs.ts";
import { Failure, Loading } from "../lib/states.tsx";

interface Props {
  tenant: string;
  name: string;
}

export function SnapshotsDialog({ tenant, name }: Props) {
  const { why } = useAccess();
  const { data, error, refresh } = useQuery(`snapshots ${tenant} ${name}`, () =>
    client(instances).ListSnapshots(tenant, name),
  );
  return (
    <Dialog title={format(_("Snapshots of $0"), name)}>
      {!data && (error ? <Failure error={error} retry={refresh} /> : <Loading rows={3} />)}
      {data?.length === 0 && <p>{_("None yet. Take one from the menu of the instance.")}</p>}
      {data?.map((snapshot) => (
        <div key={snapshot.name} className="ds-job-head">
          <strong>{snapshot.name}</strong>
          <span className="ds-subtle">
            {dateTime(snapshot.createdAt)} · {size(snapshot.sizeKib)}
            {snapshot.expiresAt && ` · ${format(_("goes $0"), relativeTime(snapshot.expiresAt))}`}
          </span>
          <span className="ds-grow" />
          <ActionButton
            size="sm"
            variant="secondary"
            why={why(instances, "run")}
            onClick={() =>
              showDialog(
                <ConfirmDialog tenant={tenant} name={name} snapshot={snapshot.name} restore />,
              )
            }
          >
            {_("Put back")}
          </ActionButton>
          <ActionButton
            size="sm"
            variant="link"
            isDanger
            why={why(instances, "delete")}
            onClick={() =>
              showDialog(<ConfirmDialog tenant={tenant} name={name} snapshot={snapshot.name} />)
            }
          >
            {_("Delete")}
          </ActionButton>
        </div>
      ))}
    </Dialog>
  );
}

function ConfirmDialog(props: Props & { snapshot: string; restore?: boolean }) {
  const { tenant, name, snapshot, restore } = props;
  return (
    <Dialog
      title={
        restore
          ? format(_("Put $0 back to $1?"), name, snapshot)
          : format(_("Delete the snapshot $0 of $1?"), snapshot, name)
      }
      action={restore ? _("Put back") : _("Delete")}
      danger
      size="small"
      run={async () => {
        const api = client(instances);
        const begin = restore ? api.RestoreSnapshot : api.DeleteSnapshot;
        await watchJob(await begin(tenant, name, snapshot));
      }}
    >
      <p>
        {restore ? _("What was written after the snapshot is lost.") : _("This cannot be undone.")}
      </p>
      <div>
        <Button
          variant="link"
          isInline
          onClick={() => showDialog(<SnapshotsDialog tenant={tenant} name={name} />)}
        >
          {_("Back to the snapshots")}
        </Button>
      </div>
    </Dialog>
  );
}
