import { type PaymentsPlan, paymentsPlansChange, paymentsPlansReadOptions } from '@switchboard/api-client';
import { Badge, Button, notify, Page, SkeletonLines, useConfirm, useKitTexts, useLanguage } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { Archive, ArchiveRestore } from 'lucide-react';
import { Suspense } from 'react';
import { etagOf, refresh, tellProblem } from '../http/api';
import { KeptRow } from '../kept-row/kept-row';
import { lazyPart } from '../lazy-part';
import { PendingPage } from '../pending-page';
import { useStaff } from '../session';
import { useCatalogueTexts } from './catalogue.texts';
import './catalogue.css';

const PlanForm = lazyPart(() => import('./plan-form'), 'PlanForm');

/** A plan that is being sold, or was. */
export function PlanPage() {
  const t = useCatalogueTexts();
  const { botId, planId } = useParams({ from: '/console/catalogue/$botId/plans/$planId' });
  const { data, error, refetch } = useQuery(paymentsPlansReadOptions({ path: { planId } }));
  const way = [{ title: t.title, href: `/console/catalogue/${botId}` }];
  return data ? (
    <KnownPlan plan={data} way={way} />
  ) : (
    <PendingPage title={t.plan} way={way} error={error} refetch={refetch} />
  );
}

function KnownPlan({ plan, way }: { plan: PaymentsPlan; way: readonly { title: string; href: string }[] }) {
  const t = useCatalogueTexts();
  const kit = useKitTexts();
  const confirm = useConfirm();
  const { language } = useLanguage();
  const mayWrite = useStaff().can('catalogue:write', plan.botId);
  const sell = async (archived: boolean) => {
    const question = { title: `${t.archive}?`, text: t.isArchived, action: t.archive };
    if (archived && (await confirm(question)) === undefined) return;
    await paymentsPlansChange({
      path: { planId: plan.id },
      headers: { 'If-Match': etagOf(plan.revision) },
      body: { archived },
    })
      .then(() => notify({ text: archived ? t.isArchived : t.isSold }))
      .catch(tellProblem);
    await refresh('paymentsPlans');
  };
  return (
    <Page
      title={plan.name[language]}
      way={way}
      width="narrow"
      aside={plan.archived && <Badge>{t.archived}</Badge>}
      actions={
        mayWrite && (
          <Button icon={plan.archived ? <ArchiveRestore /> : <Archive />} onPress={() => void sell(!plan.archived)}>
            {plan.archived ? t.sellAgain : t.archive}
          </Button>
        )
      }
    >
      <KeptRow latest={plan} readAnew={() => refresh('paymentsPlans')}>
        {(row, kept) => (
          <Suspense fallback={<SkeletonLines lines={8} label={kit.loading} />}>
            <PlanForm botId={plan.botId} plan={row} kept={kept} mayWrite={mayWrite} />
          </Suspense>
        )}
      </KeptRow>
    </Page>
  );
}
