import type { AnalyticsAbout } from '@switchboard/api-client';
import {
  Button,
  Card,
  Filters,
  Page,
  ProblemState,
  Row,
  SkeletonLines,
  Tabs,
  useFormats,
  useKitTexts,
} from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { BookMarked } from 'lucide-react';
import { type ComponentType, lazy, type ReactNode, Suspense, useState } from 'react';
import { BotFilter } from '../bots/bot-parts';
import { daysOf, zone } from '../period/days';
import { PeriodField } from '../period/period';
import { oneOf, useSetSearch } from '../search';
import { useStaff } from '../session';
import { useBoardTexts } from './boards.texts';
import { Definitions } from './definitions';
import { ExportButton } from './export-button';
import './boards.css';

export const boards = ['business', 'growth', 'retention', 'funnel', 'activity', 'revenue'] as const;
export type BoardId = (typeof boards)[number];

/** What every board is asked with. */
export interface BoardQuery {
  zone: string;
  from: string;
  to: string;
  botId?: string;
}

const shown: Record<BoardId, ComponentType<{ query: BoardQuery }>> = {
  business: lazy(async () => ({ default: (await import('./business-board')).BusinessBoard })),
  growth: lazy(async () => ({ default: (await import('./growth-board')).GrowthBoard })),
  retention: lazy(async () => ({ default: (await import('./retention-board')).RetentionBoard })),
  funnel: lazy(async () => ({ default: (await import('./funnel-board')).FunnelBoard })),
  activity: lazy(async () => ({ default: (await import('./activity-board')).ActivityBoard })),
  revenue: lazy(async () => ({ default: (await import('./revenue-board')).RevenueBoard })),
};

export function BoardsPage() {
  const t = useBoardTexts();
  const kit = useKitTexts();
  const staff = useStaff();
  const set = useSetSearch();
  const search = useSearch({ from: '/console/boards' });
  const board = oneOf(boards, search.board) ?? 'business';
  const query: BoardQuery = { zone, ...daysOf(search), botId: search.bot };
  const [defining, setDefining] = useState(false);
  return (
    <Page
      title={t.title}
      about={t.about}
      actions={
        <Row>
          <Button icon={<BookMarked />} onPress={() => setDefining(true)}>
            {t.definitions}
          </Button>
          {staff.can('analytics:export') && <ExportButton board={board} query={query} search={search} />}
        </Row>
      }
    >
      <Tabs
        label={t.title}
        selected={board}
        onSelect={(id) => set({ board: id === 'business' ? undefined : id })}
        tabs={boards.map((id) => {
          const Board = shown[id];
          return {
            ...{ id, title: t.boards[id] },
            content: (
              <>
                <Filters set={search.bot ? 1 : 0}>
                  <BotFilter value={search.bot} onChange={(bot) => set({ bot })} />
                  {id !== 'business' && <PeriodField days={query} onChange={({ from, to }) => set({ from, to })} />}
                </Filters>
                <Suspense fallback={<SkeletonLines lines={8} label={kit.loading} />}>
                  <Board query={query} />
                </Suspense>
              </>
            ),
          };
        })}
      />
      {defining && <Definitions onClose={() => setDefining(false)} />}
    </Page>
  );
}

interface Answer<Data> {
  data: Data | undefined;
  error: unknown;
  refetch: () => unknown;
}

/** A board with its answer, or what became of asking for it; below it of which days and people it speaks. */
export function BoardFrame<Data extends { about: AnalyticsAbout }>({
  answer: { data, error, refetch },
  isPart,
  children,
}: {
  answer: Answer<Data>;
  /** Of a board whose days and people are said already. */
  isPart?: boolean;
  children: (data: Data) => ReactNode;
}) {
  const kit = useKitTexts();
  if (error && !data) return <ProblemState error={error} retry={() => void refetch()} />;
  if (!data) {
    return (
      <Card>
        <SkeletonLines lines={8} label={kit.loading} />
      </Card>
    );
  }
  return (
    <>
      {children(data)}
      {!isPart && <About about={data.about} />}
    </>
  );
}

function About({ about }: { about: AnalyticsAbout }) {
  const t = useBoardTexts();
  const formats = useFormats();
  return (
    <p className="board-about">
      <span>{`${t.zone}: ${about.zone}`}</span>
      {about.eventsUpTo && <span>{`${t.fresh}: ${formats.dateTime(about.eventsUpTo)}`}</span>}
      {about.people !== null && <span>{t.counted(formats.number(about.people))}</span>}
      {about.keptFrom && <span>{t.kept(formats.day(about.keptFrom, 'UTC'))}</span>}
      {about.provisionalFrom && <span>{t.provisional(formats.day(about.provisionalFrom, 'UTC'))}</span>}
    </p>
  );
}

/** From which point on numbers may still change; `undefined` when none of them may. */
export function provisionalFrom(days: readonly { day: string }[], { provisionalFrom: from }: AnalyticsAbout) {
  if (!from) return undefined;
  const at = days.findIndex(({ day }) => day >= from);
  return at < 0 ? undefined : at;
}
