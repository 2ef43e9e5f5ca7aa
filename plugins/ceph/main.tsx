// First of all, so that the question is on its way before React is even read.
import "./early.ts";
import { startPage } from "../lib/frame.tsx";
import { Ceph } from "./ceph.tsx";
import { earlyCapabilities } from "./early.ts";
import "../lib/page.css";
import "./ceph.css";

startPage(<Ceph />, earlyCapabilities);
