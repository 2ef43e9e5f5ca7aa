/** Images that instances are made from: shared by all tenants, imported from files of this node. */
import { useState } from "react";
import { aliasSchema, type Image, images } from "../../agent/images/contract.ts";
import { ActionButton } from "../lib/action-button.tsx";
import { useAccess } from "../lib/capabilities.tsx";
import { problemOf } from "../lib/check.ts";
import { client, listen } from "../lib/client.ts";
import { Dialog, showDialog } from "../lib/dialog.tsx";
import { ChoiceField, TextField } from "../lib/fields.tsx";
import { CommandHelp } from "../lib/help.tsx";
import { useQuery } from "../lib/hooks.ts";
import { _, dateTime, format, size } from "../lib/i18n.ts";
import { watchJob } from "../lib/jobs.ts";
import { Failure, Loading, Nothing } from "../lib/states.tsx";
import { type Column, Table } from "../lib/table.tsx";
import { toast } from "../lib/toasts.tsx";

const changes = (changed: () => void) => listen(images, "Changed", changed);
export const loadImages = () => client(images).List();
export const useImages = () => useQuery("images", loadImages, { changes });

const nameOf = ({ aliases, fingerprint }: Image) => aliases[0] ?? fingerprint.slice(0, 12);

/** Called in the order of the columns; the last one acts. */
function columns(why: string | undefined): Column<Image>[] {
  return [
    {
      key: "alias",
      title: _("Alias"),
      render: ({ aliases, description }) => (
        <>
          <strong>{aliases.join(", ") || _("none")}</strong>
          <div className="ds-subtle">{description}</div>
        </>
      ),
    },
    {
      key: "type",
      title: _("For"),
      render: ({ type }) => (type === "container" ? _("containers") : _("virtual machines")),
    },
    { key: "architecture", title: _("Architecture"), render: (row) => row.architecture },
    { key: "size", title: _("Size"), end: true, render: ({ sizeKib }) => size(sizeKib) },
    { key: "uploaded", title: _("Imported"), render: ({ uploadedAt }) => dateTime(uploadedAt) },
    {
      key: "fingerprint",
      title: _("Fingerprint"),
      render: ({ fingerprint }) => <code title={fingerprint}>{fingerprint.slice(0, 12)}</code>,
    },
    {
      key: "delete",
      title: _("Delete"),
      render: (image) => (
        <ActionButton
          variant="link"
          size="sm"
          isInline
          isDanger
          why={why}
          aria-label={format(_("Delete $0"), nameOf(image))}
          onClick={() => showDialog(<DeleteDialog image={image} />)}
        >
          {_("Delete")}
        </ActionButton>
      ),
    },
  ];
}

export function ImagesTab() {
  const { why } = useAccess();
  const query = useImages();
  const { data, error } = query;
  const mayNot = why(images, "manage");
  if (!data) return error ? <Failure error={error} retry={query.refresh} /> : <Loading />;
  const button = (
    <ActionButton why={mayNot} onClick={() => showDialog(<ImportDialog />)}>
      {_("Import an image")}
    </ActionButton>
  );
  return (
    <div className="ds-stack">
      <div className="ds-toolbar">
        <span>{_("Shared by all tenants, never fetched from a network.")}</span>
        <CommandHelp
          label={_("About images")}
          text={_(
            "A unified image tarball is put into /var/lib/dsecos/images by an administrator and imported from there.",
          )}
          commands={["dsecos images list", "dsecos images import FILE ALIAS"]}
        />
        <span className="ds-grow" />
        {data.images.length > 0 && button}
      </div>
      {data.images.length === 0 ? (
        <Nothing title={_("No image yet")} actions={button}>
          {_("Instances are made from images. Import the first one.")}
        </Nothing>
      ) : (
        <Table
          label={_("Images")}
          columns={columns(mayNot)}
          rows={data.images}
          keyOf={({ fingerprint }) => fingerprint}
        />
      )}
    </div>
  );
}

/** Asks for the files itself: no signal tells that one was put there since the page was opened. */
function ImportDialog() {
  const { data, error, refresh } = useImages();
  const [chosen, setChosen] = useState<string>();
  const [alias, setAlias] = useState("");
  const problem = problemOf(aliasSchema, alias);
  const files = data?.files ?? [];
  const file = chosen ?? files[0]?.name ?? "";
  return (
    <Dialog
      title={_("Import an image")}
      action={_("Import")}
      invalid={Boolean(problem) || !file}
      run={async () => {
        await watchJob(await client(images).Import(file, alias));
      }}
    >
      {!data && (error ? <Failure error={error} retry={refresh} /> : <Loading rows={1} />)}
      {data && files.length === 0 && (
        <p>{_("No file waits in /var/lib/dsecos/images. Copy a unified image tarball there.")}</p>
      )}
      {files.length > 0 && (
        <ChoiceField
          label={_("File in /var/lib/dsecos/images")}
          value={file}
          options={files.map(({ name, sizeKib }) => ({
            value: name,
            label: `${name} (${size(sizeKib)})`,
          }))}
          change={setChosen}
        />
      )}
      <TextField
        label={_("Alias")}
        required
        value={alias}
        problem={problem}
        hint={_("for example debian-13")}
        change={setAlias}
      />
    </Dialog>
  );
}

function DeleteDialog({ image }: { image: Image }) {
  const name = nameOf(image);
  return (
    <Dialog
      title={format(_("Delete the image $0?"), name)}
      action={_("Delete")}
      danger
      size="small"
      run={async () => {
        await client(images).Delete(image.fingerprint);
        toast("success", format(_("$0 was deleted"), name));
      }}
    >
      <p>{_("Instances that were made from it stay as they are.")}</p>
    </Dialog>
  );
}
