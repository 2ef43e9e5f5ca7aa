// First of all, so that the question is on its way before React is even read.
import "./early.ts";
import { startPage } from "../lib/frame.tsx";
import { LatePart } from "../lib/late-part.tsx";
import { usePlace } from "../lib/location.ts";
import { earlyCapabilities, earlyTenants } from "./early.ts";
import { TenantList } from "./list.tsx";
import "../lib/page.css";

/** Most look at the list first, which does not wait for it. */
const tenantPage = { load: async () => (await import("./tenant.tsx")).TenantPage };

function App() {
  const place = usePlace();
  const [name] = place.path;
  if (name) return <LatePart key={name} source={tenantPage} props={{ name, place }} rows={8} />;
  return <TenantList place={place} {...(earlyTenants ? { first: earlyTenants } : {})} />;
}

startPage(<App />, earlyCapabilities);
