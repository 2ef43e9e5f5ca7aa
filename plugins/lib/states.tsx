/** Loading, empty and failed: what a part of a page shows when it has nothing to show. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import {
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
} from "@patternfly/react-core/dist/esm/components/EmptyState";
import ErrorIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon";
import LockIcon from "@patternfly/react-icons/dist/esm/icons/lock-icon";
import SearchIcon from "@patternfly/react-icons/dist/esm/icons/search-icon";
import type { ComponentType, ReactNode } from "react";
import { type PageError, remedyOf } from "./errors.ts";
import { Command } from "./help.tsx";
import { _ } from "./i18n.ts";

export function Nothing(props: {
  title: string;
  icon?: ComponentType;
  children?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <EmptyState
      headingLevel="h2"
      titleText={props.title}
      variant="sm"
      {...(props.icon ? { icon: props.icon } : {})}
    >
      <EmptyStateBody>{props.children}</EmptyStateBody>
      {props.actions && (
        <EmptyStateFooter>
          <EmptyStateActions>{props.actions}</EmptyStateActions>
        </EmptyStateFooter>
      )}
    </EmptyState>
  );
}

/** A list that has something, of which nothing fits what was asked. */
export function NoMatch({ title, clear }: { title: string; clear: () => void }) {
  const all = (
    <Button variant="link" onClick={clear}>
      {_("Clear all filters")}
    </Button>
  );
  return (
    <Nothing title={title} icon={SearchIcon} actions={all}>
      {_("Try other words, or take a filter away.")}
    </Nothing>
  );
}

export function Failure({ error, retry }: { error: PageError; retry?: () => void }) {
  const remedy = remedyOf(error.code);
  const denied = error.code === "Denied" || error.code === "NoAccess";
  return (
    <EmptyState
      headingLevel="h2"
      variant="sm"
      titleText={denied ? _("You may not see this") : error.message}
      status={denied ? "warning" : "danger"}
      icon={denied ? LockIcon : ErrorIcon}
    >
      <EmptyStateBody>
        <div className="ds-stack" role="alert">
          {denied && <p>{error.message}</p>}
          <p>{remedy.text}</p>
          {remedy.command && <Command text={remedy.command} />}
        </div>
      </EmptyStateBody>
      {retry && (
        <EmptyStateFooter>
          <EmptyStateActions>
            <Button variant="primary" onClick={retry}>
              {_("Try again")}
            </Button>
          </EmptyStateActions>
        </EmptyStateFooter>
      )}
    </EmptyState>
  );
}

/** Stands above an older answer when the newer one failed. */
export function Stale({ error }: { error: PageError | undefined }) {
  if (!error) return null;
  return (
    <p className="ds-bad" role="alert">
      {_("What you see is not the latest:")} {error.message} {remedyOf(error.code).text}
    </p>
  );
}

/** Grey bars in place of rows, so that the page does not jump when they come. */
export function Loading({ rows = 8 }: { rows?: number }) {
  return (
    <div className="ds-loading" role="status" aria-label={_("Loading")}>
      {Array.from({ length: rows }, (_unused, index) => `bar-${index}`).map((key) => (
        <div key={key} className="ds-loading-bar" />
      ))}
    </div>
  );
}
