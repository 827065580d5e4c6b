import { type VpnProvisionerUsageAnomaly, vpnProvisionerUsageAnomaliesListOptions } from '@switchboard/api-client';
import {
  Ago,
  type Column,
  DataTable,
  Empty,
  Filters,
  FilterSelect,
  NoMatch,
  useFormats,
  wordOf,
} from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { Gauge } from 'lucide-react';
import { BotFilter, BotName } from '../bots/bot-parts';
import { useList } from '../list';
import { PersonName, usePersonNames } from '../person-names/person-names';
import { useSetSearch } from '../search';
import { useStaff } from '../session';
import { useShopWords } from '../shop/shop.texts';
import { useServerTexts } from './servers.texts';

type Anomaly = VpnProvisionerUsageAnomaly;

/** What is counted in bytes; the others count networks or devices. */
const inBytes: readonly string[] = ['sudden_step', 'fair_use'];

/** Accesses that are used as one person hardly would. */
export function UsageAnomalies() {
  const t = useServerTexts();
  const words = useShopWords();
  const formats = useFormats();
  const set = useSetSearch();
  const seesPeople = useStaff().can('people:read');
  const nameOfPerson = usePersonNames();
  const { bot, kind, after } = useSearch({ from: '/console/servers' });
  const { list } = useList(vpnProvisionerUsageAnomaliesListOptions({ query: { botId: bot, kind, after, limit: 50 } }));
  const amount = (id: 'value' | 'usual', title: string): Column<Anomaly> => ({
    ...{ id, title, width: '150px', align: 'end' },
    cell: (anomaly) => (inBytes.includes(anomaly.kind) ? formats.traffic(anomaly[id]) : formats.number(anomaly[id])),
  });
  const columns: Column<Anomaly>[] = [
    {
      ...{ id: 'person', title: words.person, width: '190px' },
      cell: ({ userId }) => <PersonName userId={userId} name={nameOfPerson(userId)} />,
    },
    { id: 'what', title: t.unusual.what, cell: (anomaly) => wordOf(words.unusualUses, anomaly.kind) },
    { id: 'bot', title: t.unusual.bot, width: '170px', phone: 'never', cell: ({ botId }) => <BotName botId={botId} /> },
    amount('value', t.unusual.value),
    amount('usual', t.unusual.usual),
    { id: 'at', title: t.unusual.at, width: '130px', cell: ({ detectedAt }) => <Ago at={detectedAt} /> },
  ];
  return (
    <>
      <Filters set={[bot, kind].filter(Boolean).length}>
        <BotFilter value={bot} onChange={(id) => set({ bot: id })} />
        <FilterSelect
          label={t.unusual.what}
          any={t.unusual.any}
          value={kind}
          onChange={(id) => set({ kind: id })}
          choices={Object.entries(words.unusualUses).map(([id, label]) => ({ id, label }))}
        />
      </Filters>
      <DataTable
        label={t.tabs.unusual}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ userId }) => nameOfPerson(userId)}
        href={seesPeople ? ({ userId }) => `/console/people/${userId}?tab=purchases` : undefined}
        empty={
          bot || kind ? (
            <NoMatch onClear={() => set({ bot: undefined, kind: undefined })} />
          ) : (
            <Empty icon={<Gauge />} title={t.unusual.none}>
              {t.unusual.noneText}
            </Empty>
          )
        }
      />
    </>
  );
}
