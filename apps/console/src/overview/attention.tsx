import {
  analyticsAlertsListOptions,
  botAdapterQuarantinedUpdatesSummarizeOptions,
  serviceKitDeadLettersSummarizeOptions,
} from '@switchboard/api-client';
import { Button, Card, problemOf, Skeleton, useKitTexts } from '@switchboard/ui';
import { useQueries, useQuery } from '@tanstack/react-query';
import { BellRing, Bot, ChevronRight, CircleCheck, CloudOff, MessageSquareX, Stamp, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link } from 'react-aria-components';
import { waitingApprovals } from '../approvals/approvals.api';
import { allBots } from '../bots/bots.api';
import { services } from '../services';
import { useStaff } from '../session';
import { useOverviewTexts } from './overview.texts';

interface Matter {
  id: string;
  icon: ReactNode;
  tone?: 'warn';
  title: string;
  about: string;
  href: string;
}

const REFRESH_MS = 30_000;

/** What does not mend itself. */
export function Attention() {
  const t = useOverviewTexts();
  const kit = useKitTexts();
  const staff = useStaff();
  const bots = useQuery({ ...allBots(), enabled: staff.can('bots:read'), refetchInterval: REFRESH_MS });
  const approvals = useQuery(waitingApprovals(staff));
  const seesLetters = staff.can('dead-letters:read');
  const alerts = useQuery({
    ...analyticsAlertsListOptions({ query: { state: 'firing', limit: 50 } }),
    enabled: staff.can('alerts:read'),
    refetchInterval: REFRESH_MS,
  });
  const updates = useQuery({
    ...botAdapterQuarantinedUpdatesSummarizeOptions(),
    enabled: staff.can('updates:read'),
    refetchInterval: REFRESH_MS,
  });
  const letters = useQueries({
    queries: services.map((service) => ({
      ...serviceKitDeadLettersSummarizeOptions({ path: { service } }),
      enabled: seesLetters,
      refetchInterval: REFRESH_MS,
    })),
  });
  const firing = alerts.data?.data.length ?? 0;
  const dead = letters.flatMap(({ data }) => data?.groups ?? []).reduce((sum, { count }) => sum + count, 0);
  const aside = updates.data?.bots.reduce((sum, { count }) => sum + count, 0) ?? 0;
  const broken = bots.data?.data.filter(({ mistakes }) => mistakes.length > 0).length ?? 0;
  const undecided = approvals.data ?? 0;
  const matters: (Matter | false)[] = [
    undecided > 0 && {
      ...{ id: 'approvals', icon: <Stamp />, tone: 'warn', href: '/console/approvals' },
      ...{ title: t.approvals(undecided), about: t.approvalsAbout },
    },
    firing > 0 && {
      ...{ id: 'alerts', icon: <BellRing />, href: '/console/alerts' },
      ...{ title: t.alerts(firing), about: t.alertsAbout },
    },
    dead > 0 && {
      ...{ id: 'letters', icon: <TriangleAlert />, href: '/console/failures' },
      ...{ title: t.failures(dead), about: t.failuresAbout },
    },
    aside > 0 && {
      ...{ id: 'updates', icon: <MessageSquareX />, href: '/console/failures?tab=updates' },
      ...{ title: t.updates(aside), about: t.updatesAbout },
    },
    broken > 0 && {
      ...{ id: 'bots', icon: <Bot />, tone: 'warn', href: '/console/bots' },
      ...{ title: t.broken(broken), about: t.brokenAbout },
    },
  ];
  const shown = matters.filter((matter) => matter !== false);
  const asked = [
    { name: t.asked.approvals, query: approvals },
    { name: t.asked.alerts, query: alerts },
    { name: t.asked.updates, query: updates },
    { name: t.asked.bots, query: bots },
    ...letters.map((query, i) => ({ name: t.asked.failures(services[i]!), query })),
  ];
  const isLoading = asked.some(({ query }) => query.isLoading);
  // What is refused to somebody is nothing that waits for them; of what has not answered nobody knows whether anything does.
  const silent = asked.filter(({ query: { isError, error } }) => isError && problemOf(error)?.status !== 403);
  return (
    <Card title={t.attention}>
      {shown.length > 0 && (
        <div className="attention">
          {shown.map(({ id, icon, tone, title, about, href }) => (
            <Link key={id} href={href}>
              <span className="attention-sign" data-tone={tone} aria-hidden>
                {icon}
              </span>
              <span>
                {title}
                <small>{about}</small>
              </span>
              <ChevronRight aria-hidden />
            </Link>
          ))}
        </div>
      )}
      {silent.length > 0 && (
        <div className="calm" role="alert">
          <span className="attention-sign" data-tone="warn" aria-hidden>
            <CloudOff />
          </span>
          <span>
            {t.unknown}
            <small>{silent.map(({ name }) => name).join(', ')}</small>
          </span>
          <Button size="small" onPress={() => silent.forEach(({ query }) => void query.refetch())}>
            {kit.retry}
          </Button>
        </div>
      )}
      {shown.length === 0 && isLoading && <Skeleton />}
      {shown.length === 0 && !isLoading && silent.length === 0 && (
        <div className="calm">
          <span className="attention-sign" data-tone="good" aria-hidden>
            <CircleCheck />
          </span>
          <span>
            {t.calm}
            <small>{t.calmAbout}</small>
          </span>
        </div>
      )}
    </Card>
  );
}
