import { agent } from "../../agent/agent/contract.ts";
import { client } from "../lib/client.ts";
import { startPage } from "../lib/frame.tsx";
import { Audit } from "./audit.tsx";
import "../lib/page.css";
import "./audit.css";

const who = client(agent).GetCapabilities();
// The page shows the failure; until then it must not count as unhandled.
who.catch(() => undefined);

startPage(<Audit />, who);
