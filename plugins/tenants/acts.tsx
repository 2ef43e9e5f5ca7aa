/** What can be done to tenants, singly or to a selection, and what came of it. */
import { type Tenant, tenants } from "../../agent/tenants/contract.ts";
import type { Access } from "../lib/capabilities.tsx";
import { client } from "../lib/client.ts";
import { showDialog } from "../lib/dialog.tsx";
import { toPageError } from "../lib/errors.ts";
import { _, format, ngettext } from "../lib/i18n.ts";
import { watchJob } from "../lib/jobs.ts";
import type { MenuEntry } from "../lib/menu.tsx";
import { toast } from "../lib/toasts.tsx";
import { DeleteDialog } from "./delete.tsx";
import { EditDialog } from "./edit.tsx";

type Act = (name: string) => Promise<unknown>;

const suspend: Act = async (name) => watchJob(await client(tenants).Suspend(name));
const resume: Act = async (name) => watchJob(await client(tenants).Resume(name));
const restore: Act = (name) => client(tenants).Restore(name);

/** Does the same to many; one message says how it went, with the reason for each that failed. */
async function each(names: readonly string[], done: string, act: Act): Promise<void> {
  const failures: { name: string; reason: string }[] = [];
  await Promise.all(
    names.map(async (name) => {
      try {
        await act(name);
      } catch (cause) {
        failures.push({ name, reason: toPageError(cause).message });
      }
    }),
  );
  const succeeded = names.length - failures.length;
  if (failures.length === 0) {
    toast("success", names.length === 1 ? `${names[0]}: ${done}` : `${succeeded}: ${done}`);
    return;
  }
  toast(
    "danger",
    format(
      _("$0; $1"),
      ngettext("$0 failed", "$0 failed", failures.length),
      ngettext("$0 done", "$0 done", succeeded),
    ),
    <ul>
      {failures.map(({ name, reason }) => (
        <li key={name}>
          <strong>{name}</strong>: {reason}
        </li>
      ))}
    </ul>,
  );
}

/** Why an act makes no sense in the tenant's present state; undefined when it does. */
function unless(allowed: boolean, why: string | undefined, reason: string): string | undefined {
  return why ?? (allowed ? undefined : reason);
}

export function tenantMenu(row: Tenant, access: Access): MenuEntry[] {
  const { name, state } = row;
  const mayRun = access.why(tenants, "suspend");
  const mayDelete = access.why(tenants, "delete");
  const deleting = state === "deleting";
  return [
    {
      key: "edit",
      label: _("Edit"),
      why: unless(!deleting, access.why(tenants, "change"), _("It is being deleted.")),
      run: () => showDialog(<EditDialog tenant={row} />),
    },
    state === "suspended"
      ? {
          key: "resume",
          label: _("Resume"),
          why: mayRun,
          run: () => each([name], _("resuming"), resume),
        }
      : {
          key: "suspend",
          label: _("Suspend"),
          why: unless(!deleting, mayRun, _("It is being deleted.")),
          run: () => each([name], _("suspending"), suspend),
        },
    deleting
      ? {
          key: "restore",
          label: _("Restore"),
          why: mayDelete,
          run: () => each([name], _("restored"), restore),
        }
      : {
          key: "delete",
          label: _("Delete"),
          danger: true,
          why: mayDelete,
          run: () => showDialog(<DeleteDialog names={[name]} contents={row.instances.total} />),
        },
  ];
}

export function bulkMenu(rows: readonly Tenant[], access: Access): MenuEntry[] {
  const mayRun = access.why(tenants, "suspend");
  const of = (state: Tenant["state"]) =>
    rows.filter((row) => row.state === state).map(({ name }) => name);
  const notDeleting = rows.filter(({ state }) => state !== "deleting");
  const none = _("None of the chosen tenants is in a state for that.");
  return [
    {
      key: "suspend",
      label: _("Suspend"),
      why: unless(of("active").length > 0, mayRun, none),
      run: () => each(of("active"), _("suspending"), suspend),
    },
    {
      key: "resume",
      label: _("Resume"),
      why: unless(of("suspended").length > 0, mayRun, none),
      run: () => each(of("suspended"), _("resuming"), resume),
    },
    {
      key: "delete",
      label: _("Delete"),
      danger: true,
      why: unless(notDeleting.length > 0, access.why(tenants, "delete"), none),
      run: () =>
        showDialog(
          <DeleteDialog
            names={notDeleting.map(({ name }) => name)}
            contents={notDeleting.reduce((sum, { instances }) => sum + instances.total, 0)}
          />,
        ),
    },
  ];
}
