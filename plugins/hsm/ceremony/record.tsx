/** The signed record: to be printed and signed by hand, and to be verified by anybody. */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { hsm } from "../../../agent/hsm/contract.ts";
import { client } from "../../lib/client.ts";
import { Command } from "../../lib/help.tsx";
import { useQuery } from "../../lib/hooks.ts";
import { _ } from "../../lib/i18n.ts";
import { saveText } from "../../lib/save.ts";
import { Failure, Loading } from "../../lib/states.tsx";

export function SignedRecord({ id }: { id: string }) {
  const { data, error, refresh } = useQuery(`record ${id}`, () => client(hsm).CeremonyRecord(id));
  if (!data) return error ? <Failure error={error} retry={refresh} /> : <Loading />;
  const save = () =>
    saveText(`ceremony-${id}.json`, `${JSON.stringify(data)}\n`, "application/json");
  return (
    <section className="ds-panel ds-stack" data-record={id}>
      <div className="ds-job-head">
        <h2 className="pf-v6-c-title pf-m-lg">{_("Signed record")}</h2>
        <span className="ds-grow" />
        <Button variant="primary" onClick={() => window.print()}>
          {_("Print")}
        </Button>
        <Button variant="secondary" onClick={save}>
          {_("Download the signed record")}
        </Button>
      </div>
      <div>
        <p className="ds-subtle">
          {_("Verify it with jq and openssl, beside the downloaded file:")}
        </p>
        <Command text={data.command} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it. */}
      <pre className="hsm-record" tabIndex={0}>
        {data.text}
      </pre>
    </section>
  );
}
