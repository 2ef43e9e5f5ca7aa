/** Parts of one thing; each has its own address, so each tab is a link. */
import "@patternfly/react-styles/css/components/Tabs/tabs.css";
import type { ReactNode } from "react";

interface Props {
  label: string;
  tabs: readonly { key: string; title: string; body: ReactNode }[];
  /** Key of the tab that is shown; the first one where it is unknown. */
  active: string;
  addressOf: (key: string) => string;
}

export function Tabs({ label, tabs, active, addressOf }: Props) {
  const shown = tabs.find(({ key }) => key === active) ?? tabs[0];
  const row = tabs.map(({ key, title }) => ({ key, title, address: addressOf(key) }));
  return (
    <>
      <TabRow label={label} tabs={row} active={shown?.key ?? ""} />
      <div>{shown?.body}</div>
    </>
  );
}

interface RowProps {
  label: string;
  tabs: readonly { key: string; title: string; address: string }[];
  active: string;
  /** Below another row, of one of whose tabs these are parts. */
  below?: boolean;
}

export function TabRow({ label, tabs, active, below = false }: RowProps) {
  return (
    <nav className={`pf-v6-c-tabs${below ? " pf-m-subtab" : ""}`} aria-label={label}>
      <ul className="pf-v6-c-tabs__list">
        {tabs.map(({ key, title, address }) => {
          const current = key === active;
          return (
            <li key={key} className={`pf-v6-c-tabs__item${current ? " pf-m-current" : ""}`}>
              <a
                className="pf-v6-c-tabs__link"
                href={address}
                aria-current={current ? "page" : undefined}
              >
                <span className="pf-v6-c-tabs__item-text">{title}</span>
              </a>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
