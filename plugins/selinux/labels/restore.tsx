/** Gives files the label that the policy says, after showing which. */
import { selinux } from "../../../agent/selinux/contract.ts";
import { ask } from "../../lib/ask.ts";
import { client } from "../../lib/client.ts";
import { commandOf } from "../../lib/command.ts";
import { Dialog } from "../../lib/dialog.tsx";
import { Command } from "../../lib/help.tsx";
import { _, ngettext } from "../../lib/i18n.ts";

interface Props {
  files: readonly { path: string; found?: string | undefined; restored: string }[];
}

export function RestoreDialog({ files }: Props) {
  const paths = files.map(({ path }) => path);
  return (
    <Dialog
      title={ngettext(
        "Restore the label of $0 file?",
        "Restore the labels of $0 files?",
        files.length,
      )}
      action={_("Restore")}
      run={() => ask(() => client(selinux).Restore(paths))}
    >
      <p>
        {_(
          "Whoever may use the file changes with its label, at once. What it had before is on record.",
        )}
      </p>
      <ul className="se-names">
        {files.map(({ path, found, restored }) => (
          <li key={path}>
            <code className="se-code">{path}</code>
            <div className="ds-subtle">
              <code className="se-code">
                {found || _("no label")} → {restored}
              </code>
            </div>
          </li>
        ))}
      </ul>
      <div>
        <p className="ds-subtle">{_("The same from the command line:")}</p>
        <Command text={commandOf(selinux, "Restore", [paths])} />
      </div>
    </Dialog>
  );
}
