import {
  paymentsPlansListOptions,
  type PaymentsSubscriptionStatus,
  paymentsSubscriptionsListOptions,
} from '@switchboard/api-client';
import { ButtonLink, Empty, Filters, FilterSelect, NoMatch, Page, useLanguage } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { CalendarClock } from 'lucide-react';
import { BotFilter } from '../bots/bot-parts';
import { useList } from '../list';
import { PersonFilter } from '../person-names/person-names';
import { SavedFilters } from '../saved-filters/saved-filters';
import { useSetSearch } from '../search';
import { useStaff } from '../session';
import { useShopWords } from '../shop/shop.texts';
import { SubscriptionTable } from './subscription-table';
import { useSubscriptionTexts } from './subscriptions.texts';

export function SubscriptionsPage() {
  const t = useSubscriptionTexts();
  const words = useShopWords();
  const { language } = useLanguage();
  const staff = useStaff();
  const set = useSetSearch();
  const search = useSearch({ from: '/console/subscriptions' });
  const { bot, person, plan, state } = search;
  const { list } = useList(
    paymentsSubscriptionsListOptions({
      query: { botId: bot, userId: person, planId: plan, status: state, after: search.after, limit: 50 },
    }),
  );
  // Plans are those of one bot.
  const plans = useQuery({
    ...paymentsPlansListOptions({ query: { botId: bot ?? '', archived: 'true' } }),
    enabled: bot !== undefined && staff.can('catalogue:read', bot),
  });
  return (
    <Page title={t.title} about={t.about}>
      <Filters set={[bot, person, plan, state].filter(Boolean).length} end={<SavedFilters />}>
        {person && <PersonFilter userId={person} onClear={() => set({ person: undefined })} />}
        <BotFilter value={bot} onChange={(id) => set({ bot: id, plan: undefined })} />
        {plans.data && (
          <FilterSelect
            label={t.plan}
            any={t.anyPlan}
            value={plan}
            onChange={(id) => set({ plan: id })}
            choices={plans.data.data.map(({ id, name }) => ({ id, label: name[language] }))}
          />
        )}
        <FilterSelect
          label={t.state}
          any={t.anyState}
          value={state}
          onChange={(id) => set({ state: id })}
          choices={(Object.keys(words.statuses) as PaymentsSubscriptionStatus[]).map((id) => ({
            ...{ id, label: words.statuses[id] },
          }))}
        />
      </Filters>
      <SubscriptionTable
        list={list}
        empty={
          bot || person || plan || state ? (
            <NoMatch onClear={() => set({ bot: undefined, person: undefined, plan: undefined, state: undefined })} />
          ) : (
            <Empty
              icon={<CalendarClock />}
              title={t.none}
              action={
                staff.can('catalogue:write') && <ButtonLink href="/console/catalogue">{t.toCatalogue}</ButtonLink>
              }
            >
              {t.noneText}
            </Empty>
          )
        }
      />
    </Page>
  );
}
