import {
  type BotAdapterBroadcast,
  type BotAdapterBroadcastState,
  botAdapterBroadcastsListOptions,
} from '@switchboard/api-client';
import {
  Ago,
  Badge,
  ButtonLink,
  type Column,
  DataTable,
  Empty,
  Filters,
  NoMatch,
  Page,
  type Tone,
  useFormats,
} from '@switchboard/ui';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Megaphone, Plus } from 'lucide-react';
import { BotFilter, BotName } from '../bots/bot-parts';
import { askedAgain } from '../http/asked-again';
import { useList } from '../list';
import { useSetSearch } from '../search';
import { useStaff } from '../session';
import { useBroadcastTexts } from './broadcasts.texts';

const RENEWED_EVERY_MS = 10_000;
const isOpen = ({ state, results }: BotAdapterBroadcast) =>
  ['scheduled', 'running', 'paused'].includes(state) || (results?.waiting ?? 0) > 0;

const tones: Record<BotAdapterBroadcastState, Tone> = {
  draft: 'neutral',
  scheduled: 'info',
  running: 'info',
  paused: 'warn',
  done: 'good',
  stopped: 'neutral',
};

export function BroadcastState({ state }: { state: BotAdapterBroadcastState }) {
  const t = useBroadcastTexts();
  return (
    <Badge dot tone={tones[state]}>
      {t.states[state]}
    </Badge>
  );
}

export function BroadcastsPage() {
  const t = useBroadcastTexts();
  const formats = useFormats();
  const navigate = useNavigate();
  const set = useSetSearch();
  const { bot, after } = useSearch({ from: '/console/broadcasts' });
  const mayWrite = useStaff().can('broadcasts:write');
  const { list } = useList({
    ...botAdapterBroadcastsListOptions({ query: { botId: bot, after, limit: 50 } }),
    refetchInterval: askedAgain(({ data }) => data.some(isOpen), RENEWED_EVERY_MS),
  });
  const newButton = mayWrite && (
    <ButtonLink look="primary" icon={<Plus />} href="/console/broadcasts/new">
      {t.new}
    </ButtonLink>
  );
  const columns: Column<BotAdapterBroadcast>[] = [
    { id: 'title', title: t.name, cell: ({ title }) => title },
    {
      ...{ id: 'state', title: t.state, width: '160px', phone: 'state' },
      cell: ({ state }) => <BroadcastState state={state} />,
    },
    { id: 'bot', title: t.bot, width: '180px', cell: ({ botId }) => <BotName botId={botId} /> },
    {
      ...{ id: 'total', title: t.total, width: '110px', align: 'end' },
      cell: ({ results }) => (results ? formats.number(results.total) : ''),
    },
    {
      ...{ id: 'sent', title: t.sent, width: '110px', align: 'end' },
      cell: ({ results }) => (results ? formats.number(results.sent) : ''),
    },
    { id: 'created', title: t.created, width: '140px', cell: ({ createdAt }) => <Ago at={createdAt} /> },
  ];
  return (
    <Page title={t.title} about={t.about} actions={newButton}>
      <Filters>
        <BotFilter value={bot} onChange={(id) => set({ bot: id })} />
      </Filters>
      <DataTable
        label={t.title}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ title }) => title}
        onOpen={({ id }) => void navigate({ to: '/console/broadcasts/$broadcastId', params: { broadcastId: id } })}
        empty={
          bot ? (
            <NoMatch onClear={() => set({ bot: undefined })} />
          ) : (
            <Empty icon={<Megaphone />} title={t.none} action={newButton}>
              {t.noneText}
            </Empty>
          )
        }
      />
    </Page>
  );
}
