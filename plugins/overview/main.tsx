import { agent } from "../../agent/agent/contract.ts";
import { client } from "../lib/client.ts";
import { startPage } from "../lib/frame.tsx";
import { Overview } from "./overview.tsx";
import "../lib/page.css";

const who = client(agent).GetCapabilities();
// The page shows the failure; until then it must not count as unhandled.
who.catch(() => undefined);

startPage(<Overview />, who);
