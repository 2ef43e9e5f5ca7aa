// First of all, so that the question is on its way before React is even read.
import "./early.ts";
import { startPage } from "../lib/frame.tsx";
import { earlyCapabilities } from "./early.ts";
import { Selinux } from "./selinux.tsx";
import "../lib/page.css";
import "./selinux.css";

startPage(<Selinux />, earlyCapabilities);
