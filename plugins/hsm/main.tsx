// First of all, so that the question is on its way before React is even read.
import "./early.ts";
import { startPage } from "../lib/frame.tsx";
import { earlyCapabilities } from "./early.ts";
import { Hsm } from "./hsm.tsx";
import "../lib/page.css";
import "./hsm.css";
import "./ceremony/ceremony.css";

startPage(<Hsm />, earlyCapabilities);
