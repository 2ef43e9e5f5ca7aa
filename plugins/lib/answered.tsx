/** An answer of the agent: bars until the first one, and what failed beside an older one. */
import type { ReactNode } from "react";
import type { Query } from "./hooks.ts";
import { Failure, Loading, Stale } from "./states.tsx";

interface Props<T> {
  query: Query<T>;
  children: (data: T) => ReactNode;
}

export function Answered<T>({ query: { data, error, refresh }, children }: Props<T>) {
  if (data === undefined) return error ? <Failure error={error} retry={refresh} /> : <Loading />;
  return (
    <div className="ds-stack">
      <Stale error={error} />
      {children(data)}
    </div>
  );
}
