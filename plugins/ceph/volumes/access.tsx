/** Gives out the key of a tenant's client: shown once, kept nowhere on the page, each reading on record. */
import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { ceph } from "../../../agent/ceph/contract.ts";
import type { VolumeAccess, VolumeRow } from "../../../agent/ceph/volumes/answers.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog, showDialog } from "../../lib/dialog.tsx";
import { Command } from "../../lib/help.tsx";
import { _, format } from "../../lib/i18n.ts";
import { saveText } from "../../lib/save.ts";

export function AccessDialog({ row: { tenant, name } }: { row: VolumeRow }) {
  return (
    <Dialog
      title={format(_("Show how $0 is opened?"), name)}
      action={_("Show the key")}
      danger
      run={async () => {
        const access = await client(ceph).VolumeAccess(tenant, name);
        showDialog(<Shown name={name} tenant={tenant} access={access} />);
      }}
    >
      <p>
        {format(
          _(
            "The key opens all volumes of $0, and nothing of others. That you read it goes on record, with your name and the time; the key itself does not.",
          ),
          tenant,
        )}
      </p>
      <Command text={commandOf(ceph, "VolumeAccess", [tenant, name])} />
    </Dialog>
  );
}

interface ShownProps {
  tenant: string;
  name: string;
  access: VolumeAccess;
}

function Shown({ tenant, name, access }: ShownProps) {
  const { kind, user, keyring, mount, fileSystem, path } = access;
  const { title, file, steps } = wordsOf(access);
  // The kernel's client of CephFS takes the key alone; the keyring is for other programs.
  const key = kind === "file" ? /^\s*key\s*=\s*(\S+)/m.exec(keyring)?.[1] : undefined;
  return (
    <Dialog title={format(_("How $0 of $1 is opened"), name, tenant)} size="large">
      <Alert
        isInline
        component="h2"
        variant="warning"
        title={_("Whoever has this key reads and changes the tenant’s data")}
      >
        {_("It is shown once: when this is closed it is gone from the page.")}
      </Alert>
      <section className="ds-stack" data-access="keyring">
        <h2 className="pf-v6-c-title pf-m-md">{title}</h2>
        <div className="ce-keyring">
          <Command text={keyring.trimEnd()} copy={_("Copy the key")} />
        </div>
        <div className="ds-toolbar">
          <Button variant="secondary" onClick={() => saveText(file, keyring)}>
            {format(_("Download $0"), file)}
          </Button>
          {key && (
            <Button variant="secondary" onClick={() => saveText(`${user}.key`, `${key}\n`)}>
              {_("Download the key alone")}
            </Button>
          )}
        </div>
      </section>
      <section className="ds-stack" data-access="mount">
        <h2 className="pf-v6-c-title pf-m-md">{_("Opening it")}</h2>
        <Command text={mount} />
        <p>{steps}</p>
        <p className="ds-subtle">
          {fileSystem && format(_("file system $0"), fileSystem)} {path}
        </p>
      </section>
    </Dialog>
  );
}

function wordsOf({ kind, user }: VolumeAccess) {
  const keyring = `ceph.client.${user}.keyring`;
  const words = {
    file: {
      title: format(_("Keyring of client.$0"), user),
      file: keyring,
      steps: _(
        "KEYFILE is a file with the key alone, which only root may read; DIRECTORY is where the volume appears.",
      ),
    },
    block: {
      title: format(_("Keyring of client.$0"), user),
      file: keyring,
      steps: _(
        "KEYRING is the file with this keyring, which only root may read. It asks for the passphrase, which an officer gives.",
      ),
    },
    object: {
      title: format(_("Credentials of $0"), user),
      file: "credentials",
      steps: _(
        "KEYFILE is the file with these credentials, which nobody else may read; DIRECTORY is what is to be copied.",
      ),
    },
  };
  return words[kind];
}
