import { botAdapterContactsFind, gatewayPeopleFind } from '@switchboard/api-client';
import type { Found } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { createElement, useEffect, useState } from 'react';
import { Bookmark, Bot, MessagesSquare, ScrollText, ShoppingCart, UserRound } from 'lucide-react';
import { useBots } from '../bots/bots.api';
import { useSavedFilters } from '../saved-filters/saved-filters.store';
import { useStaff } from '../session';
import { useShellTexts } from './shell.texts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const TYPED_WITHIN_MS = 300;

/** What the palette finds besides its commands: bots by name, people by what they are known by, anything by its id. */
export function usePaletteSearch(): { found: Found[]; searching: boolean; onSearch: (text: string) => void } {
  const t = useShellTexts();
  const staff = useStaff();
  const bots = useBots();
  const saved = useSavedFilters();
  const { navigate } = useRouter();
  const [text, setText] = useState('');
  const [settled, setSettled] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text.trim()), TYPED_WITHIN_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const people = useQuery({
    queryKey: ['palette', settled],
    queryFn: () => findPeople(settled),
    enabled: settled.length >= 3 && staff.can('people:read'),
    retry: false,
    // Names of people do not stay in memory.
    gcTime: 0,
  });
  const wanted = text.trim().toLocaleLowerCase();
  const go = (href: string) => () => void navigate({ href });
  const ofBots = bots
    .filter(({ id, name }) => wanted && `${name} ${id}`.toLocaleLowerCase().includes(wanted))
    .slice(0, 5)
    .map(({ id, name }): Found => ({
      ...{ id: `bot ${id}`, title: name, about: id, icon: createElement(Bot), group: t.nav.bots },
      open: go(`/console/bots/${id}`),
    }));
  const ofFilters = saved
    .filter(({ name }) => !wanted || name.toLocaleLowerCase().includes(wanted))
    .map(({ name, path, search }): Found => ({
      ...{ id: `filter ${path} ${name}`, title: name, icon: createElement(Bookmark), group: t.commands.saved },
      open: go(path + search),
    }));
  const ofPeople = (people.data ?? []).map(({ userId, name }): Found => ({
    ...{ id: `person ${userId}`, title: name ?? userId, icon: createElement(UserRound), group: t.nav.people },
    open: go(`/console/people/${userId}`),
  }));
  const ofId: Found[] = UUID.test(settled)
    ? [
        ...(staff.can('conversations:read')
          ? [
              {
                ...{ id: 'conversation', title: t.commands.conversation, about: settled, group: t.commands.byId },
                ...{ icon: createElement(MessagesSquare), open: go(`/console/conversations/${settled}`) },
              },
            ]
          : []),
        ...(staff.can('people:read')
          ? [
              {
                ...{ id: 'person', title: t.commands.person, about: settled, group: t.commands.byId },
                ...{ icon: createElement(UserRound), open: go(`/console/people/${settled}`) },
              },
            ]
          : []),
        ...(staff.can('orders:read')
          ? [
              {
                ...{ id: 'order', title: t.commands.order, about: settled, group: t.commands.byId },
                ...{ icon: createElement(ShoppingCart), open: go(`/console/orders/${settled}`) },
              },
            ]
          : []),
        ...(staff.can('audit:read')
          ? [
              {
                ...{ id: 'audit', title: t.commands.audit, about: settled, group: t.commands.byId },
                ...{ icon: createElement(ScrollText), open: go(`/console/audit?actorId=${settled}`) },
              },
            ]
          : []),
      ]
    : [];
  return {
    found: [...ofBots, ...ofFilters, ...ofPeople, ...ofId],
    searching: people.isFetching || (wanted.length >= 3 && settled.toLocaleLowerCase() !== wanted),
    onSearch: setText,
  };
}

/** What is looked for is sent in a body: it must not stand in an address or a log. */
async function findPeople(text: string): Promise<{ userId: string; name: string | null }[]> {
  const word = text.replace(/^@/, '');
  const asked = await Promise.allSettled([
    UUID.test(word) ? gatewayPeopleFind({ body: { userId: word } }) : gatewayPeopleFind({ body: { label: word } }),
    /^\d+$/.test(word)
      ? botAdapterContactsFind({ body: { externalId: word } })
      : botAdapterContactsFind({ body: { username: word } }),
  ]);
  const [known, contacts] = asked;
  const people = [
    ...(known.status === 'fulfilled' ? known.value.data.people : []),
    ...(contacts.status === 'fulfilled' ? contacts.value.data.contacts : []),
  ];
  return [...new Map(people.map(({ userId, name }) => [userId, { userId, name }])).values()].slice(0, 5);
}
