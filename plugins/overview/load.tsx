/** CPU, memory, swap and disks: now as bars, the last minutes as lines. */
import { useEffect, useState } from "react";
import type { NodeStatus } from "../../agent/node/contract.ts";
import { Chart, type Point } from "../lib/chart.tsx";
import { _, format, number, percent, size } from "../lib/i18n.ts";
import { Meter } from "../lib/meter.tsx";

/** How far back the lines go, in milliseconds. */
const span = 300_000;

function useHistory(status: NodeStatus) {
  const [history, setHistory] = useState<{ cpu: Point[]; memory: Point[] }>({
    cpu: [],
    memory: [],
  });
  useEffect(() => {
    const at = Date.parse(status.at);
    const recent = (point: Point) => point.at >= at - span && point.at < at;
    setHistory((old) => ({
      cpu: [...old.cpu.filter(recent), { at, value: status.load.cpu }],
      memory: [...old.memory.filter(recent), { at, value: status.load.memoryUsedKib }],
    }));
  }, [status]);
  return history;
}

export function Load({ status }: { status: NodeStatus }) {
  const { load, disks } = status;
  const { cpu, memory } = useHistory(status);
  return (
    <section className="ds-panel ds-stack">
      <h2 className="pf-v6-c-title pf-m-md">{_("Load")}</h2>
      <div className="ds-charts">
        <Chart
          title={_("CPU")}
          now={format(_("$0 of $1 cores"), percent(load.cpu), number(load.cores))}
          points={cpu}
          span={span}
          top={1}
        />
        <Chart
          title={_("Memory")}
          now={format(_("$0 of $1"), size(load.memoryUsedKib), size(load.memoryKib))}
          points={memory}
          span={span}
          top={load.memoryKib}
        />
      </div>
      <dl className="ds-facts">
        <dt>{_("Load average")}</dt>
        <dd>{load.averages.map((average) => number(average, 2)).join(" · ")}</dd>
        {load.swapKib > 0 && (
          <>
            <dt>{_("Swap")}</dt>
            <dd>
              <Meter label={_("Swap")} used={load.swapUsedKib} limit={load.swapKib} write={size} />
            </dd>
          </>
        )}
        {disks.map((disk) => (
          <Disk key={disk.mount} disk={disk} />
        ))}
      </dl>
    </section>
  );
}

function Disk({ disk }: { disk: NodeStatus["disks"][number] }) {
  return (
    <>
      <dt>
        <code>{disk.mount}</code>
      </dt>
      <dd>
        <Meter
          label={format(_("Disk at $0"), disk.mount)}
          used={disk.usedKib}
          limit={disk.sizeKib}
          write={size}
        />
      </dd>
    </>
  );
}
