import { gatewayBotsListOptions, type GatewayBotSummary } from '@switchboard/api-client';
import {
  Ago,
  Badge,
  ButtonLink,
  type Column,
  DataTable,
  Empty,
  Filters,
  Kbd,
  NoMatch,
  Page,
  SearchField,
  Switch,
  Tooltip,
  useCommands,
} from '@switchboard/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Bot, Plus, TriangleAlert } from 'lucide-react';
import { useChannelName } from '../channel-names/channel-names';
import { useSetSearch } from '../search';
import { useStaff } from '../session';
import { BotName, BotState } from './bot-parts';
import { useBotActions } from './bot-actions';
import { useBotTexts } from './bots.texts';

export function BotsPage() {
  const t = useBotTexts();
  const staff = useStaff();
  const { q = '', archived } = useSearch({ from: '/console/bots' });
  const set = useSetSearch();
  const navigate = useNavigate();
  const actionsOf = useBotActions();
  const channelName = useChannelName();
  const { data, error, isFetching, refetch } = useQuery({
    ...gatewayBotsListOptions({ query: { limit: 200, state: archived ? 'active,paused,archived' : 'active,paused' } }),
    placeholderData: keepPreviousData,
  });
  // A new bot is none of those that somebody may see alone, and it comes with a secret: its token.
  const mayMake = staff.canWithAllBots('bots:write') && staff.canWithAllBots('secrets:write');
  useCommands(
    mayMake
      ? [
          {
            id: 'bots.new',
            title: t.new,
            group: t.title,
            icon: <Plus />,
            keys: 'c',
            run: () => void navigate({ to: '/console/bots/new' }),
          },
        ]
      : [],
  );
  // A page holds all bots that there are, so that they are searched here.
  const word = q.toLocaleLowerCase();
  const rows = data?.data.filter(({ id, name }) => id.includes(word) || name.toLocaleLowerCase().includes(word));
  const newBot = mayMake && (
    <ButtonLink href="/console/bots/new" look="primary" icon={<Plus />} keys={<Kbd keys="c" />}>
      {t.new}
    </ButtonLink>
  );
  const columns: Column<GatewayBotSummary>[] = [
    { id: 'name', title: t.name, cell: ({ id, name }) => <BotName botId={id} name={name} /> },
    {
      ...{ id: 'state', title: t.state, width: '170px', phone: 'state' },
      cell: ({ state, mistakes }) =>
        mistakes.length > 0 ? (
          <Tooltip text={mistakes.join(' ')}>
            <button type="button" className="bot-broken">
              <Badge tone="bad" dot>
                {t.broken}
              </Badge>
            </button>
          </Tooltip>
        ) : (
          <BotState state={state} />
        ),
    },
    { id: 'channel', title: t.channel, width: '130px', cell: ({ channel }) => channel && channelName(channel) },
    {
      ...{ id: 'source', title: t.source, width: '130px' },
      cell: ({ describedBy, hidesFile }) => (
        <span className="ui-row">
          {t.sources[describedBy]}
          {hidesFile && (
            <Tooltip text={t.hidesFile}>
              <button type="button" className="bot-broken" aria-label={t.hidesFile}>
                <TriangleAlert size={14} />
              </button>
            </Tooltip>
          )}
        </span>
      ),
    },
    {
      ...{ id: 'changed', title: t.changed, width: '150px' },
      cell: ({ changedAt }) => changedAt && <Ago at={changedAt} />,
    },
  ];
  return (
    <Page title={t.title} about={t.about} actions={newBot}>
      <Filters
        search={<SearchField label={t.name} value={q} onChange={(text) => set({ q: text })} />}
        end={
          <Switch isSelected={Boolean(archived)} onChange={(on) => set({ archived: on ? '1' : undefined })}>
            {t.withArchived}
          </Switch>
        }
      />
      <DataTable
        label={t.title}
        columns={columns}
        rows={rows}
        idOf={({ id }) => id}
        nameOf={({ name }) => name}
        href={({ id }) => `/console/bots/${id}`}
        actions={actionsOf}
        waiting={isFetching}
        error={error}
        onRetry={() => void refetch()}
        toneOf={({ mistakes }) => (mistakes.length > 0 ? 'bad' : undefined)}
        empty={
          q ? (
            <NoMatch onClear={() => set({ q: undefined })} />
          ) : (
            <Empty icon={<Bot />} title={t.none} action={newBot}>
              {t.noneText}
            </Empty>
          )
        }
      />
    </Page>
  );
}
