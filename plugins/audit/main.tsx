// First of all, so that the question is on its way before React is even read.
import "./early.ts";
import { startPage } from "../lib/frame.tsx";
import { Audit } from "./audit.tsx";
import { earlyCapabilities } from "./early.ts";
import "../lib/page.css";
import "./audit.css";

startPage(<Audit />, earlyCapabilities);
