import {
  type AnalyticsQuarantinedEvent,
  analyticsQuarantinedEventsListOptions,
  analyticsQuarantinedEventsReplay,
} from '@switchboard/api-client';
import { Ago, Badge, Button, type Column, DataTable, Empty, Filters, notify, Tooltip, wordOf } from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { CheckCheck, RotateCcw } from 'lucide-react';
import { refresh, tellProblem } from '../http/api';
import { useList } from '../list';
import { useStaff } from '../session';
import { useFailureTexts } from './failures.texts';

/** Events that statistics could not store as they were. */
export function QuarantinedEvents() {
  const t = useFailureTexts();
  const mayReplay = useStaff().can('quarantined-events:write');
  const { after } = useSearch({ from: '/console/failures' });
  const { data, list } = useList(analyticsQuarantinedEventsListOptions({ query: { after, limit: 50 } }));
  const replay = async (ids?: string[]) => {
    await analyticsQuarantinedEventsReplay({ body: { ids } })
      .then(({ data: { stored, left } }) =>
        notify({ tone: stored === 0 && left > 0 ? 'bad' : 'good', text: t.statistics.replayed(stored, left) }),
      )
      .catch(tellProblem);
    await refresh('analyticsQuarantined');
  };
  const columns: Column<AnalyticsQuarantinedEvent>[] = [
    { id: 'type', title: t.type, cell: ({ type }) => <code>{type}</code> },
    {
      ...{ id: 'reason', title: t.reason, width: '160px', phone: 'state' },
      cell: ({ reason, replayable }) => {
        const badge = <Badge tone={replayable ? 'warn' : 'neutral'}>{wordOf(t.statistics.reasons, reason)}</Badge>;
        return replayable ? (
          badge
        ) : (
          <Tooltip text={t.statistics.notReplayable}>
            <button type="button" className="bot-broken">
              {badge}
            </button>
          </Tooltip>
        );
      },
    },
    {
      id: 'detail',
      title: t.statistics.detail,
      cell: ({ reason, detail }) => (reason === 'unknown_type' ? null : <span lang="en">{detail}</span>),
    },
    { id: 'at', title: t.received, width: '140px', cell: ({ receivedAt }) => <Ago at={receivedAt} /> },
  ];
  return (
    <>
      <Filters
        end={
          mayReplay &&
          data?.data.some(({ replayable }) => replayable) && (
            <Button icon={<RotateCcw />} onPress={() => void replay()}>
              {t.replayAll}
            </Button>
          )
        }
      />
      <DataTable
        label={t.tabs.statistics}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ type }) => type}
        empty={
          <Empty icon={<CheckCheck />} title={t.statistics.none}>
            {t.statistics.noneText}
          </Empty>
        }
        actions={
          mayReplay
            ? ({ id, replayable }) => [
                {
                  id: 'all',
                  entries: replayable
                    ? [{ id: 'replay', label: t.replay, icon: <RotateCcw />, onAction: () => void replay([id]) }]
                    : [],
                },
              ]
            : undefined
        }
      />
    </>
  );
}
