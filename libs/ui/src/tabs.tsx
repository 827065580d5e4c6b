import { type ReactNode, Suspense } from 'react';
import { Tab, TabList, TabPanel, Tabs as AriaTabs } from 'react-aria-components';
import { useKitTexts } from './kit.texts';
import { SkeletonLines } from './skeleton';
import './tabs.css';

interface TabEntry {
  id: string;
  title: ReactNode;
  count?: number;
  content: ReactNode;
}

/** Parts of one thing, side by side. The chosen one belongs into the address: hand it in. */
export function Tabs({
  label,
  tabs,
  selected,
  onSelect,
}: {
  label: string;
  tabs: readonly TabEntry[];
  selected: string;
  onSelect: (id: string) => void;
}) {
  const t = useKitTexts();
  return (
    <AriaTabs className="ui-tabs" selectedKey={selected} onSelectionChange={(key) => onSelect(String(key))}>
      <TabList className="ui-tab-list" aria-label={label}>
        {tabs.map(({ id, title, count }) => (
          <Tab key={id} id={id} className="ui-tab">
            {title}
            {count !== undefined && <span className="ui-count">{count}</span>}
          </Tab>
        ))}
      </TabList>
      {tabs.map(({ id, content }) => (
        <TabPanel key={id} id={id} className="ui-tab-panel">
          <Suspense fallback={<SkeletonLines lines={6} label={t.loading} />}>{content}</Suspense>
        </TabPanel>
      ))}
    </AriaTabs>
  );
}
