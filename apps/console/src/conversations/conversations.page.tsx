import { type ChatAiConversation, chatAiConversationsListOptions } from '@switchboard/api-client';
import { Ago, type Column, DataTable, Empty, Filters, FilterSelect, NoMatch, Page, useFormats } from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { MessagesSquare } from 'lucide-react';
import { BotFilter, BotName } from '../bots/bot-parts';
import { useBotNames } from '../bots/bots.api';
import { PersonFilter, PersonName, usePersonNames } from '../person-names/person-names';
import { daysOf, momentsOf } from '../period/days';
import { PeriodField } from '../period/period';
import { SavedFilters } from '../saved-filters/saved-filters';
import { useList } from '../list';
import { oneOf, useSetSearch } from '../search';
import { Outcome, Ratings } from './conversation-parts';
import { useConversationTexts } from './conversations.texts';
import './conversations.css';

const ratings = ['good', 'bad', 'any'] as const;
export function ConversationsPage() {
  const t = useConversationTexts();
  const formats = useFormats();
  const search = useSearch({ from: '/console/conversations' });
  const set = useSetSearch();
  const days = daysOf(search);
  const nameOfPerson = usePersonNames();
  const nameOf = useBotNames();
  const rating = oneOf(ratings, search.rating);
  const { list } = useList({
    ...chatAiConversationsListOptions({
      query: {
        ...momentsOf(days),
        ...{ botId: search.bot, userId: search.person, outcome: search.outcome, rating },
        ...{ after: search.after, limit: 50 },
      },
    }),
  });
  const filters = { bot: undefined, person: undefined, outcome: undefined, rating: undefined };
  const isFiltered = Boolean(search.bot || search.person || search.outcome || rating);
  const columns: Column<ChatAiConversation>[] = [
    {
      ...{ id: 'person', title: t.person },
      cell: ({ userId }) => (userId ? <PersonName userId={userId} name={nameOfPerson(userId)} /> : t.group),
    },
    { id: 'bot', title: t.bot, width: '180px', cell: ({ botId }) => <BotName botId={botId} /> },
    {
      ...{ id: 'outcome', title: t.outcome, width: '180px', phone: 'state' },
      cell: ({ outcomes: [first] }) => first && <Outcome outcome={first.outcome} />,
    },
    { id: 'active', title: t.active, width: '140px', cell: ({ activeAt }) => <Ago at={activeAt} /> },
    {
      ...{ id: 'messages', title: t.messages, width: '110px', align: 'end' },
      cell: ({ messages }) => formats.number(messages),
    },
    {
      ...{ id: 'rating', title: t.rating, width: '110px', align: 'end' },
      cell: ({ good, bad }) => (good + bad > 0 ? <Ratings good={good} bad={bad} /> : null),
    },
    {
      ...{ id: 'cost', title: t.cost, width: '100px', align: 'end' },
      cell: ({ costMicros }) => formats.cost(costMicros),
    },
  ];
  return (
    <Page title={t.title} about={t.about}>
      <Filters
        set={Object.keys(filters).filter((name) => search[name as keyof typeof filters]).length}
        end={<SavedFilters />}
      >
        {search.person && <PersonFilter userId={search.person} onClear={() => set({ person: undefined })} />}
        <BotFilter value={search.bot} onChange={(bot) => set({ bot })} />
        <PeriodField days={days} onChange={({ from, to }) => set({ from, to })} />
        <FilterSelect
          label={t.outcome}
          any={t.anyOutcome}
          value={search.outcome}
          onChange={(outcome) => set({ outcome })}
          choices={Object.entries(t.outcomes).map(([id, label]) => ({ id, label: String(label) }))}
        />
        <FilterSelect
          label={t.rating}
          any={t.anyRating}
          value={rating}
          onChange={(rating) => set({ rating })}
          choices={ratings.map((id) => ({ id, label: t.ratings[id] }))}
        />
      </Filters>
      <DataTable
        label={t.title}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ botId, activeAt }) => `${nameOf(botId)}, ${formats.dateTime(activeAt)}`}
        href={({ id }) => `/console/conversations/${id}`}
        empty={
          isFiltered ? (
            <NoMatch onClear={() => set(filters)} />
          ) : (
            <Empty icon={<MessagesSquare />} title={t.none}>
              {t.noneText}
            </Empty>
          )
        }
      />
    </Page>
  );
}
