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
  return (
    <>
      <nav className="pf-v6-c-tabs" aria-label={label}>
        <ul className="pf-v6-c-tabs__list">
          {tabs.map(({ key, title }) => {
            const current = key === shown?.key;
            return (
              <li key={key} className={`pf-v6-c-tabs__item${current ? " pf-m-current" : ""}`}>
                <a
                  className="pf-v6-c-tabs__link"
                  href={addressOf(key)}
                  aria-current={current ? "page" : undefined}
                >
                  <span className="pf-v6-c-tabs__item-text">{title}</span>
                </a>
              </li>
            );
          })}
        </ul>
      </nav>
      <div>{shown?.body}</div>
    </>
  );
}
