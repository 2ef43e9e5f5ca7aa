/** Whether the agent hears the kernel's audit at all: without it no list of denials is whole. */
import { audit } from "../../../agent/audit/contract.ts";
import { client } from "../../lib/client.ts";
import { useQuery } from "../../lib/hooks.ts";
import { _, format } from "../../lib/i18n.ts";
import { PageLink } from "../../lib/page-link.tsx";
import { Tag } from "../../lib/tag.tsx";

const everyMs = 30_000;

/** @param quiet where nothing is refused, nothing can be missing either */
export function Heard({ quiet }: { quiet: boolean }) {
  const { data, error } = useQuery("heard", () => client(audit).Status(), { every: everyMs });
  if (quiet || (!data && !error)) return null;
  const source = data?.sources.find(({ name }) => name === "auditd");
  if (!error && source?.state === "ok") return null;
  const text = error?.message ?? source?.text ?? _("The agent does not tell of auditd.");
  return (
    <p data-heard={source?.state ?? "unknown"}>
      <Tag color="orange">{_("not whole")}</Tag>{" "}
      {format(_("Denials may be missing here: $0"), text)}{" "}
      <PageLink page="audit" at="sources">
        {_("Where events come from")}
      </PageLink>
    </p>
  );
}
