/** How many tenants and instances there are, each number a way to them. */
import { type TenantFilter, tenants } from "../../agent/tenants/contract.ts";
import { client, listen } from "../lib/client.ts";
import { useQuery } from "../lib/hooks.ts";
import { _, number } from "../lib/i18n.ts";
import { PageLink } from "../lib/page-link.tsx";

const changes = (changed: () => void) => listen(tenants, "Changed", changed);
const everyMs = 30_000;

const anyTenant: TenantFilter = {
  search: "",
  state: [],
  classification: [],
  jurisdiction: [],
  troubled: false,
  sort: "name",
  descending: false,
  cursor: "",
  limit: 1,
};

async function count(part: Partial<TenantFilter>): Promise<number> {
  return (await client(tenants).List({ ...anyTenant, ...part })).total;
}

async function load() {
  const [all, suspended, deleting, troubled] = await Promise.all([
    count({}),
    count({ state: ["suspended"] }),
    count({ state: ["deleting"] }),
    count({ troubled: true }),
  ]);
  return { all, suspended, deleting, troubled };
}

export function Counts() {
  const { data, error } = useQuery("counts", load, { every: everyMs, changes });
  const shown = [
    { title: _("tenants"), value: data?.all, query: "" },
    { title: _("suspended"), value: data?.suspended, query: "?state=suspended" },
    { title: _("being deleted"), value: data?.deleting, query: "?state=deleting" },
    {
      title: _("with something not true yet"),
      value: data?.troubled,
      query: "?troubled=yes",
      alarm: true,
    },
  ];
  return (
    <section className="ds-counts" aria-label={_("Tenants")}>
      {shown.map(({ title, value, query, alarm }) => (
        <PageLink
          key={title}
          className={`ds-panel ds-count${alarm && value ? " ds-count-alarm" : ""}`}
          page="tenants"
          at={query}
        >
          <strong>{value === undefined ? "–" : number(value)}</strong>
          <span>{title}</span>
        </PageLink>
      ))}
      {error && <p className="ds-bad">{error.message}</p>}
    </section>
  );
}
