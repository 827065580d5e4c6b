import {
  analyticsAlertsListOptions,
  botAdapterQuarantinedUpdatesSummarizeOptions,
  serviceKitDeadLettersSummarizeOptions,
} from '@switchboard/api-client';
import { Card, Skeleton } from '@switchboard/ui';
import { useQueries, useQuery } from '@tanstack/react-query';
import { BellRing, Bot, ChevronRight, CircleCheck, MessageSquareX, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link } from 'react-aria-components';
import { useBots } from '../bots/bots.api';
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
  const staff = useStaff();
  const bots = useBots();
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
  const broken = bots.filter(({ mistakes }) => mistakes.length > 0).length;
  const matters: (Matter | false)[] = [
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
  const isLoading = [alerts, updates, ...letters].some((query) => query.isLoading);
  return (
    <Card title={t.attention}>
      {shown.length > 0 ? (
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
      ) : isLoading ? (
        <Skeleton />
      ) : (
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
