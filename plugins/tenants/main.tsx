// First of all, so that the question is on its way before React is even read.
import "./early.ts";
import { startPage } from "../lib/frame.tsx";
import { usePlace } from "../lib/location.ts";
import { earlyCapabilities, earlyTenants } from "./early.ts";
import { TenantList } from "./list.tsx";
import { TenantPage } from "./tenant.tsx";
import "../lib/page.css";

function App() {
  const place = usePlace();
  const [name] = place.path;
  if (name) return <TenantPage key={name} name={name} place={place} />;
  return <TenantList place={place} {...(earlyTenants ? { first: earlyTenants } : {})} />;
}

startPage(<App />, earlyCapabilities);
