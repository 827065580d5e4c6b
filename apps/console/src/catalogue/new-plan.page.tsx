import { Page, SkeletonLines, useKitTexts } from '@switchboard/ui';
import { useParams } from '@tanstack/react-router';
import { Suspense } from 'react';
import { lazyPart } from '../lazy-part';
import { useCatalogueTexts } from './catalogue.texts';
import './catalogue.css';

const PlanForm = lazyPart(() => import('./plan-form'), 'PlanForm');

export function NewPlanPage() {
  const t = useCatalogueTexts();
  const kit = useKitTexts();
  const { botId } = useParams({ from: '/console/catalogue/$botId/plans/new' });
  return (
    <Page title={t.newPlan} way={[{ title: t.title, href: `/console/catalogue/${botId}` }]} width="narrow">
      <Suspense fallback={<SkeletonLines lines={8} label={kit.loading} />}>
        <PlanForm botId={botId} mayWrite />
      </Suspense>
    </Page>
  );
}
