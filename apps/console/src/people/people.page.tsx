import { type BotAdapterContact, botAdapterContactsFind, botAdapterContactsListOptions } from '@switchboard/api-client';
import {
  Ago,
  Button,
  type Column,
  DataTable,
  Empty,
  Filters,
  NoMatch,
  Page,
  SearchField,
  Select,
} from '@switchboard/ui';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { Users } from 'lucide-react';
import { useState } from 'react';
import { BotFilter, BotName } from '../bots/bot-parts';
import { useChannelName } from '../channel-names/channel-names';
import { useList } from '../list';
import { PersonName } from '../person-names/person-names';
import { useSetSearch } from '../search';
import { demoQuery } from '../session';
import { ContactState } from './person-parts';
import { usePeopleTexts } from './people.texts';

const keys = ['externalId', 'username', 'name'] as const;
type Key = (typeof keys)[number];

export function PeoplePage() {
  const t = usePeopleTexts();
  const search = useSearch({ from: '/console/people' });
  const set = useSetSearch();
  const { data: demo } = useQuery(demoQuery);
  const channelName = useChannelName();
  const [by, setBy] = useState<Key>('externalId');
  const [text, setText] = useState('');
  const { list } = useList(
    botAdapterContactsListOptions({ query: { botId: search.bot, after: search.after, limit: 50 } }),
  );
  // What is looked for must not stand in an address, a history or a log.
  const find = useMutation({
    mutationFn: async (botId: string | undefined) =>
      (await botAdapterContactsFind({ body: { [by]: text.trim(), botId } })).data,
  });
  // What was found with one bot is not shown as of another.
  const found = find.variables === search.bot ? find.data : undefined;
  const columns: Column<BotAdapterContact>[] = [
    {
      ...{ id: 'person', title: t.person },
      cell: ({ userId, name }) => <PersonName userId={userId} name={name} />,
    },
    {
      ...{ id: 'state', title: t.state, width: '190px', phone: 'state' },
      cell: ({ blockedAt }) => <ContactState blockedAt={blockedAt} />,
    },
    { id: 'bot', title: t.bot, width: '220px', cell: ({ botId }) => <BotName botId={botId} /> },
    { id: 'channel', title: t.channel, width: '110px', cell: ({ channel }) => channelName(channel), phone: 'never' },
    { id: 'since', title: t.since, width: '140px', cell: ({ startedAt }) => <Ago at={startedAt} /> },
  ];
  return (
    <Page title={t.title} about={t.about}>
      <Filters
        search={
          <SearchField
            label={t.find}
            value={text}
            onChange={setText}
            onClear={() => find.reset()}
            onSubmit={() => text.trim() && find.mutate(search.bot)}
          />
        }
        set={search.bot ? 1 : 0}
      >
        <Select
          label={t.findBy}
          hideLabel
          value={by}
          onChange={(id) => setBy(id as Key)}
          choices={keys.map((id) => ({ id, label: t.by[id] }))}
        />
        <Button isPending={find.isPending} isDisabled={!text.trim()} onPress={() => find.mutate(search.bot)}>
          {t.search}
        </Button>
        <BotFilter value={search.bot} onChange={(bot) => set({ bot })} />
      </Filters>
      {found?.isCut && <p className="note">{t.cut}</p>}
      <DataTable
        label={t.title}
        columns={columns}
        {...list}
        {...(found && { rows: found.contacts, paging: undefined })}
        idOf={({ contactId }) => contactId}
        nameOf={({ name }) => name ?? t.unnamed}
        href={({ userId }) => `/console/people/${userId}`}
        waiting={list.waiting || find.isPending}
        empty={
          found ? (
            <Empty icon={<Users />} title={t.notFound} action={<Button onPress={() => find.reset()}>{t.all}</Button>}>
              {t.findAbout}
            </Empty>
          ) : search.bot ? (
            <NoMatch onClear={() => set({ bot: undefined })} />
          ) : (
            <Empty icon={<Users />} title={t.none}>
              {demo?.isThere ? t.noneDemo : t.noneText}
            </Empty>
          )
        }
      />
    </Page>
  );
}
