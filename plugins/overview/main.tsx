// First of all, so that the questions are on their way before React is even read.
import "./early.ts";
import { startPage } from "../lib/frame.tsx";
import { earlyCapabilities } from "./early.ts";
import { Overview } from "./overview.tsx";
import "../lib/page.css";

startPage(<Overview />, earlyCapabilities);
