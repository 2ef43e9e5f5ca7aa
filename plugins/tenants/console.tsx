/** Text that an instance's console printed lately. */
import { useEffect, useRef } from "react";
import { instances } from "../../agent/instances/contract.ts";
import { client } from "../lib/client.ts";
import { commandOf } from "../lib/command.ts";
import { Dialog } from "../lib/dialog.tsx";
import { Command } from "../lib/help.tsx";
import { useQuery } from "../lib/hooks.ts";
import { _, format } from "../lib/i18n.ts";
import { Failure, Loading } from "../lib/states.tsx";

const everyMs = 3000;

export function ConsoleDialog({ tenant, name }: { tenant: string; name: string }) {
  const { data, error, refresh } = useQuery(
    `log ${tenant} ${name}`,
    () => client(instances).Log(tenant, name),
    { every: everyMs },
  );
  const text = useRef<HTMLPreElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new text scrolls to its end.
  useEffect(() => {
    // Browsers begin to answer this with a promise, which must not become the effect's clean-up.
    text.current?.scrollTo(0, text.current.scrollHeight);
  }, [data]);
  return (
    <Dialog title={format(_("Console log of $0"), name)} size="large">
      {data === undefined &&
        (error ? <Failure error={error} retry={refresh} /> : <Loading rows={4} />)}
      {data !== undefined && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it.
        <pre ref={text} className="ds-log" role="log" tabIndex={0} aria-label={_("Console log")}>
          {data || _("Nothing was printed.")}
        </pre>
      )}
      <Command text={commandOf(instances, "Log", [tenant, name])} />
    </Dialog>
  );
}
