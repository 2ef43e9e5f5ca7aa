/** A part in a file of its own, which is loaded when it is shown. */
import type { ComponentType } from "react";
import { type Source, useLoaded } from "./parts.ts";
import { Failure, Loading } from "./states.tsx";

interface Props<P> {
  source: Source<ComponentType<P>>;
  /** Given to the part. */
  props: P;
  /** Grey bars in place of it until it is there. */
  rows?: number;
}

export function LatePart<P extends object>({ source, props, rows = 3 }: Props<P>) {
  const { value: Part, error, again } = useLoaded(source);
  if (error) return <Failure error={error} retry={again} />;
  return Part ? <Part {...props} /> : <Loading rows={rows} />;
}
