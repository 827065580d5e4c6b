import {
  type VpnProvisionerCapacityProposal,
  vpnProvisionerCapacityProposalsDecide,
  vpnProvisionerCapacityProposalsListOptions,
  vpnProvisionerLoadForecastsReadOptions,
  vpnProvisionerServersListOptions,
} from '@switchboard/api-client';
import {
  Ago,
  Badge,
  Card,
  type Column,
  DataTable,
  Empty,
  Filters,
  FilterSelect,
  LineChart,
  NoMatch,
  notify,
  Select,
  type Tone,
  useConfirm,
  useFormats,
  wordOf,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { Check, Gauge, X } from 'lucide-react';
import { refresh, tellProblem } from '../http/api';
import { useList } from '../list';
import { Loaded } from '../loaded';
import { useSetSearch } from '../search';
import { useStaff } from '../session';
import { useCapacityTexts } from './capacity.texts';
import { useRegionNames } from './server-parts';

type Proposal = VpnProvisionerCapacityProposal;

const tones: Record<string, Tone> = { open: 'warn', accepted: 'good', dismissed: 'neutral', outdated: 'neutral' };

/** How busy regions are going to be, and what to do about it. */
export function Capacity() {
  const t = useCapacityTexts();
  const regionName = useRegionNames();
  const set = useSetSearch();
  const { region, state } = useSearch({ from: '/console/servers' });
  const { data } = useQuery(vpnProvisionerServersListOptions());
  const regions = [...new Set(data?.data.map((server) => server.region))].sort();
  const shown = region ?? regions[0];
  return (
    <>
      <Filters set={state ? 1 : 0}>
        <Select
          label={t.region}
          hideLabel
          value={shown ?? null}
          onChange={(id) => set({ region: id })}
          choices={regions.map((id) => ({ id, label: regionName(id) }))}
        />
        <FilterSelect
          label={t.state}
          any={t.anyState}
          value={state}
          onChange={(id) => set({ state: id })}
          choices={Object.entries(t.states).map(([id, label]) => ({ id, label }))}
        />
      </Filters>
      <Proposals region={region} state={state} />
      {shown && <Forecast region={shown} />}
    </>
  );
}

function Proposals({ region, state }: { region: string | undefined; state: string | undefined }) {
  const t = useCapacityTexts();
  const formats = useFormats();
  const confirm = useConfirm();
  const regionName = useRegionNames();
  const set = useSetSearch();
  const { after } = useSearch({ from: '/console/servers' });
  const mayWrite = useStaff().canWithAllBots('servers:write');
  const servers = useQuery(vpnProvisionerServersListOptions());
  const { list } = useList(vpnProvisionerCapacityProposalsListOptions({ query: { region, state, after, limit: 20 } }));
  const decide = async ({ id, kind }: Proposal, accept: boolean) => {
    const texts: Readonly<Record<string, string>> = t.acceptText;
    const question = { title: t.acceptTitle, text: texts[kind] ?? '', action: t.accept };
    if (accept && (await confirm(question)) === undefined) return;
    await vpnProvisionerCapacityProposalsDecide({
      path: { proposalId: id },
      headers: { 'Idempotency-Key': crypto.randomUUID() },
      body: { accept },
    })
      .then(() => notify({ text: accept ? t.accepted : t.dismissed }))
      .catch(tellProblem);
    await refresh('vpnProvisionerCapacityProposals', 'vpnProvisionerServers');
  };
  const columns: Column<Proposal>[] = [
    {
      ...{ id: 'what', title: t.what },
      cell: ({ kind, serverId }) => (
        <span className="two-lines">
          <span>{wordOf(t.kinds, kind)}</span>
          {serverId && <small>{servers.data?.data.find(({ id }) => id === serverId)?.name}</small>}
        </span>
      ),
    },
    {
      ...{ id: 'state', title: t.state, width: '150px', phone: 'state' },
      cell: ({ state: decided, order }) => (
        <span className="two-lines">
          <Badge dot tone={tones[decided] ?? 'neutral'}>
            {wordOf(t.states, decided)}
          </Badge>
          {order && (
            <small>
              {wordOf(t.orderStates, order.state)}
              {order.failure && `: ${order.failure}`}
            </small>
          )}
        </span>
      ),
    },
    { id: 'region', title: t.region, width: '170px', cell: (proposal) => regionName(proposal.region) },
    {
      ...{ id: 'expected', title: t.expected, width: '160px' },
      cell: ({ expectedPercent }) => t.expectedHint(formats.percent(expectedPercent / 100, 0)),
    },
    {
      ...{ id: 'cost', title: t.cost, width: '150px', align: 'end' },
      cell: ({ kind, monthlyCostMinor, currency }) => {
        const amount = formats.money({ amountMinor: monthlyCostMinor, currency });
        return kind === 'drop' ? t.saves(amount) : amount;
      },
    },
    { id: 'made', title: t.made, width: '120px', cell: ({ madeAt }) => <Ago at={madeAt} /> },
  ];
  return (
    <Card title={t.proposals} about={t.proposalsAbout} flush>
      <DataTable
        label={t.proposals}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ kind, region: there }) => `${wordOf(t.kinds, kind)}, ${regionName(there)}`}
        toneOf={({ state: decided, order }) =>
          order?.state === 'failed' ? 'bad' : decided === 'open' ? 'warn' : undefined
        }
        actions={
          mayWrite
            ? (proposal) => [
                {
                  id: 'decide',
                  entries:
                    proposal.state === 'open'
                      ? [
                          {
                            ...{ id: 'accept', label: t.accept, icon: <Check /> },
                            onAction: () => void decide(proposal, true),
                          },
                          {
                            ...{ id: 'dismiss', label: t.dismiss, icon: <X /> },
                            onAction: () => void decide(proposal, false),
                          },
                        ]
                      : [],
                },
              ]
            : undefined
        }
        empty={
          region || state ? (
            <NoMatch onClear={() => set({ region: undefined, state: undefined })} />
          ) : (
            <Empty icon={<Gauge />} title={t.none}>
              {t.noneText}
            </Empty>
          )
        }
      />
    </Card>
  );
}

function Forecast({ region }: { region: string }) {
  const t = useCapacityTexts();
  const formats = useFormats();
  const regionName = useRegionNames();
  const answer = useQuery(vpnProvisionerLoadForecastsReadOptions({ path: { region } }));
  return (
    <Card title={`${t.forecast}: ${regionName(region)}`} about={t.forecastAbout}>
      <Loaded answer={answer} lines={6}>
        {({ capacity, hours, expected }) => {
          if (hours.length + expected.length === 0) return <p className="soft">{t.noForecast}</p>;
          const all = [...hours, ...expected];
          return (
            <LineChart
              label={t.forecast}
              labels={all.map(({ at }) => formats.day(at))}
              titles={all.map(({ at }) => formats.dateTime(at))}
              provisionalFrom={hours.length}
              series={[
                { id: 'load', name: t.load, values: all.map(({ load }) => load) },
                { id: 'capacity', name: t.capacity, values: all.map(() => capacity), color: 4 },
              ]}
              format={formats.compact}
              formatExact={formats.number}
            />
          );
        }}
      </Loaded>
    </Card>
  );
}
