import { Button, Filters, Page, Row, SkeletonLines, Tabs, useKitTexts } from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { BookMarked } from 'lucide-react';
import { type ComponentType, lazy, Suspense, useState } from 'react';
import { BotFilter } from '../bots/bot-parts';
import { daysOf, zone } from '../period/days';
import { PeriodField } from '../period/period';
import { oneOf, useSetSearch } from '../search';
import { useStaff } from '../session';
import { type BoardId, type BoardQuery, boards } from './board-query';
import { useBoardTexts } from './boards.texts';
import { Definitions } from './definitions';
import { ExportButton } from './export-button';
import './boards.css';

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
