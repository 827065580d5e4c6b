import { Columns, Page } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { Suspense } from 'react';
import { lazyPart } from '../lazy-part';
import { accountQuery, useStaff } from '../session';
import { Attention } from './attention';
import { BotsAtWork } from './bots-at-work';
import { FirstSteps } from './first-steps';
import { LiveNumbers } from './live-numbers';
import { useOverviewTexts } from './overview.texts';
import './overview.css';

const Sales = lazyPart(() => import('./sales'), 'Sales');

/** How things are, and what waits for whoever looks; each part for those who may see it. */
export function OverviewPage() {
  const t = useOverviewTexts();
  const staff = useStaff();
  const { data: account } = useQuery(accountQuery);
  const name = account?.member.name.split(' ')[0];
  return (
    <Page title={name ? t.greeting(name) : t.title} about={staff.can('analytics:read') ? t.today : undefined}>
      <FirstSteps />
      {staff.can('analytics:read') && (
        <>
          <LiveNumbers />
          <Suspense>
            <Sales />
          </Suspense>
        </>
      )}
      <Columns main={staff.can('bots:read') && <BotsAtWork />} side={<Attention />} />
    </Page>
  );
}
