/** Versions of a key with what the token says of each, read back from it just now. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { hsm } from "../../../agent/hsm/contract.ts";
import type { KeyDetail } from "../../../agent/hsm/keys/answers.ts";
import type { KeyVersion } from "../../../agent/hsm/keys/record.ts";
import { client } from "../../lib/client.ts";
import { toPageError } from "../../lib/errors.ts";
import { _, dateTime, format, number } from "../../lib/i18n.ts";
import { saveText } from "../../lib/save.ts";
import { Table } from "../../lib/table.tsx";
import { Tag } from "../../lib/tag.tsx";
import { toast } from "../../lib/toasts.tsx";

type Held = KeyDetail["held"][number];
type Named = Pick<KeyDetail["record"], "tenant" | "name">;

interface Props {
  record: KeyDetail["record"];
  held: KeyDetail["held"];
}

/** What must hold of a private key, and whether the token says that it does. */
export function attributesOf(held: Held): { name: string; good: boolean }[] {
  return [
    { name: _("sensitive"), good: held.sensitive && held.alwaysSensitive },
    { name: _("never extractable"), good: !held.extractable && held.neverExtractable },
    { name: _("made in the token"), good: held.local },
  ];
}

export function Versions({ record, held }: Props) {
  const newestFirst = [...record.versions].reverse();
  return (
    <section className="ds-stack">
      <h2 className="pf-v6-c-title pf-m-md">{_("Versions")}</h2>
      <Table
        label={_("Versions")}
        rows={newestFirst}
        keyOf={({ version }) => String(version)}
        columns={[
          {
            key: "version",
            title: _("Version"),
            end: true,
            render: ({ version }) => number(version),
          },
          { key: "made", title: _("Made"), render: ({ createdAt }) => dateTime(createdAt) },
          {
            key: "held",
            title: _("The token says"),
            wrap: true,
            render: (version) => (
              <Attributes
                version={version}
                held={held.filter((one) => one.version === version.version)}
              />
            ),
          },
          {
            key: "fingerprint",
            title: _("Fingerprint (SHA-256)"),
            wrap: true,
            render: ({ fingerprint }) => <code className="hsm-code">{fingerprint}</code>,
          },
          {
            key: "public",
            title: _("Public key"),
            render: (version) => <SavePublic named={record} version={version} />,
          },
        ]}
      />
    </section>
  );
}

function Attributes({ version, held }: { version: KeyVersion; held: readonly Held[] }) {
  if (version.destroyedAt) {
    return <span>{format(_("destroyed on $0"), dateTime(version.destroyedAt))}</span>;
  }
  if (held.length === 0) {
    return (
      <span>{version.id ? _("nothing: it was not found") : _("nothing: all of it is sealed")}</span>
    );
  }
  return (
    <>
      {held.map((one) => (
        <div key={one.id} className="hsm-tags">
          {attributesOf(one).map(({ name, good }) => (
            <Tag key={name} color={good ? "green" : "red"}>
              {good ? name : format(_("not $0"), name)}
            </Tag>
          ))}
          <code className="ds-subtle hsm-code">{one.id}</code>
        </div>
      ))}
    </>
  );
}

async function save({ tenant, name }: Named, version: number): Promise<void> {
  try {
    const { pem } = await client(hsm).PublicKey(tenant, name, version);
    saveText(`${tenant}-${name}-${version}.pem`, pem, "application/x-pem-file");
  } catch (cause) {
    toast("danger", _("The public key could not be read"), toPageError(cause).message);
  }
}

function SavePublic({ named, version }: { named: Named; version: KeyVersion }) {
  if (!version.spki) return <span className="ds-subtle">{_("none")}</span>;
  return (
    <Button
      className="hsm-whole"
      variant="link"
      isInline
      onClick={() => save(named, version.version)}
    >
      {format(_("Save version $0"), version.version)}
    </Button>
  );
}
