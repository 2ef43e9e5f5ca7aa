/** What every page has: language, theme, heading, assurance banner, jobs, dialogs, messages. */
import "./patternfly.css";
import { type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import type { Capabilities } from "../../agent/agent/contract.ts";
import { AssuranceBanner } from "./assurance.tsx";
import { AccessProvider, useAccess } from "./capabilities.tsx";
import { useConnection } from "./hooks.ts";
import { chosenNode, keepNode } from "./host.ts";
import { _, applyLanguage, format } from "./i18n.ts";
import { JobList } from "./job-list.tsx";
import { NodeBand, NodeChoice } from "./node-choice.tsx";
import { Dialogs } from "./shown-dialog.ts";
import { followTheme } from "./theme.ts";
import { Toasts } from "./toasts.tsx";

export function startPage(app: ReactNode, who?: Promise<Capabilities>): void {
  applyLanguage();
  followTheme();
  keepNode();
  const place = document.getElementById("app");
  if (!place) throw new Error("the page has no element #app");
  createRoot(place).render(
    <StrictMode>
      <AccessProvider {...(who ? { first: who } : {})}>
        {app}
        <Dialogs />
        <Toasts />
      </AccessProvider>
    </StrictMode>,
  );
}

interface FrameProps {
  title: string;
  /** Stands before the heading, for example the way back. */
  before?: ReactNode;
  /** Stands beside the heading: labels, help, buttons. */
  beside?: ReactNode;
  children: ReactNode;
}

export function Frame({ title, before, beside, children }: FrameProps) {
  const node = chosenNode();
  const where = node === "" ? title : format(_("$0 on $1"), title, node);
  document.title = format(_("$0 - DsecOS"), where);
  return (
    <div className="ds-page">
      <NodeBand />
      <AssuranceBanner />
      <LostBanner />
      <header className="ds-header">
        {before}
        <div className="ds-header-row">
          <h1 className="pf-v6-c-title pf-m-xl" tabIndex={-1}>
            {title}
          </h1>
          {beside}
          <span className="ds-grow" />
          <NodeChoice />
          <Person />
        </div>
      </header>
      <main className="ds-main">
        <JobList />
        {children}
      </main>
    </div>
  );
}

function LostBanner() {
  // Of another node more is said above.
  const lost = useConnection() === "lost" && chosenNode() === "";
  return (
    <div role="status" aria-live="assertive">
      {lost && (
        <div className="ds-banner ds-banner-lost">
          <strong>{_("The agent of this node does not answer.")}</strong>{" "}
          {_("What you see may be old. The page comes back by itself.")}
        </div>
      )}
    </div>
  );
}

function Person() {
  const { who } = useAccess();
  if (!who) return null;
  const roles = who.uid === 0 ? _("root, may do everything") : who.roles.join(", ");
  return (
    <span className="ds-subtle ds-person">
      {format(_("$0 on $1"), who.user, who.node)} · {roles || _("no role")}
    </span>
  );
}
