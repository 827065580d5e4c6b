import { type VpnProvisionerServer, vpnProvisionerServersListOptions } from '@switchboard/api-client';
import {
  ButtonLink,
  type Column,
  DataTable,
  Empty,
  Filters,
  FilterSelect,
  NoMatch,
  useFormats,
  wordOf,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { Plus, Server as ServerIcon } from 'lucide-react';
import { Link } from 'react-aria-components';
import { oneOf, useSetSearch } from '../search';
import { useStaff } from '../session';
import { Load, panelNames, ServerState, useRegionNames } from './server-parts';
import { useServerTexts } from './servers.texts';

type Server = VpnProvisionerServer;

const states = ['in-service', 'draining', 'retired'] as const;
const LOOK_EVERY_MS = 15_000;

export function ServerList() {
  const t = useServerTexts();
  const formats = useFormats();
  const regionName = useRegionNames();
  const set = useSetSearch();
  const { region, ...search } = useSearch({ from: '/console/servers' });
  const state = oneOf(states, search.state);
  const mayWrite = useStaff().canWithAllBots('servers:write');
  const { data, error, refetch } = useQuery({
    ...vpnProvisionerServersListOptions(),
    refetchInterval: LOOK_EVERY_MS,
  });
  const all = data?.data;
  const regions = [...new Set(all?.map((server) => server.region))].sort();
  const rows = all?.filter(
    (server) => (!region || server.region === region) && (state ? server.state === state : server.state !== 'retired'),
  );
  const newButton = mayWrite && (
    <ButtonLink look="primary" icon={<Plus />} href="/console/servers/new">
      {t.new}
    </ButtonLink>
  );
  const columns: Column<Server>[] = [
    {
      ...{ id: 'name', title: t.server },
      cell: ({ name, panelKind }) => (
        <span className="two-lines">
          <span>{name}</span>
          <small>{wordOf(panelNames, panelKind)}</small>
        </span>
      ),
    },
    {
      ...{ id: 'state', title: t.state, width: '190px', phone: 'state' },
      cell: (server) => <ServerState server={server} />,
    },
    { id: 'region', title: t.region, width: '210px', cell: (server) => regionName(server.region) },
    {
      ...{ id: 'people', title: t.people, width: '150px', align: 'end' },
      cell: ({ people, capacity }) => t.peopleOf(formats.number(people), formats.number(capacity)),
    },
    {
      ...{ id: 'latency', title: t.latency, width: '120px', align: 'end', phone: 'never' },
      cell: ({ health: { latencyMs } }) => latencyMs !== null && formats.duration(latencyMs),
    },
    {
      ...{ id: 'online', title: t.online, width: '100px', align: 'end', phone: 'never' },
      cell: ({ health: { onlineUsers } }) => onlineUsers !== null && formats.number(onlineUsers),
    },
    {
      ...{ id: 'cost', title: t.cost, width: '120px', align: 'end', phone: 'never' },
      cell: ({ monthlyCostMinor, currency }) => formats.money({ amountMinor: monthlyCostMinor, currency }),
    },
  ];
  return (
    <>
      {all && regions.length > 0 && <Regions servers={all} regions={regions} chosen={region} />}
      <Filters set={[region, state].filter(Boolean).length} end={newButton}>
        <FilterSelect
          label={t.region}
          any={t.anyRegion}
          value={region}
          onChange={(id) => set({ region: id })}
          choices={regions.map((id) => ({ id, label: regionName(id) }))}
        />
        <FilterSelect
          label={t.state}
          any={t.anyState}
          value={state}
          onChange={(id) => set({ state: id })}
          choices={states.map((id) => ({ id, label: t.states[id] }))}
        />
      </Filters>
      <DataTable
        label={t.tabs.servers}
        columns={columns}
        rows={rows}
        error={error}
        onRetry={() => void refetch()}
        idOf={({ id }) => id}
        nameOf={({ name }) => name}
        href={({ id }) => `/console/servers/${id}`}
        toneOf={(server) =>
          server.state === 'retired' || server.health.state === 'up'
            ? undefined
            : server.health.state === 'down'
              ? 'bad'
              : 'warn'
        }
        empty={
          region || state ? (
            <NoMatch onClear={() => set({ region: undefined, state: undefined })} />
          ) : (
            <Empty icon={<ServerIcon />} title={t.none} action={newButton}>
              {t.noneText}
            </Empty>
          )
        }
      />
    </>
  );
}

/** Where people are served, how full each place is, and what of it is down. Each is a way to its servers. */
function Regions({
  servers,
  regions,
  chosen,
}: {
  servers: readonly Server[];
  regions: readonly string[];
  chosen: string | undefined;
}) {
  const t = useServerTexts();
  const formats = useFormats();
  const nameOf = useRegionNames();
  return (
    <nav className="regions" aria-label={t.regions}>
      {regions.map((region) => {
        const there = servers.filter((server) => server.region === region && server.state !== 'retired');
        const up = there.filter(({ health }) => health.state === 'up').length;
        const sum = (of: (server: Server) => number) => there.reduce((total, server) => total + of(server), 0);
        if (there.length === 0) return null;
        return (
          <Link
            key={region}
            className="region"
            href={region === chosen ? '/console/servers' : `/console/servers?region=${region}`}
            aria-current={region === chosen || undefined}
          >
            <span className="region-name">
              <i data-tone={up === there.length ? 'good' : up === 0 ? 'bad' : 'warn'} aria-hidden />
              <b>{nameOf(region)}</b>
            </span>
            <Load
              people={sum(({ people }) => people)}
              capacity={sum(({ capacity, health }) => (health.state === 'up' ? capacity : 0))}
              about={`${t.serversOf(there.length)} · ${
                up === there.length ? t.allUp : t.upOf(formats.number(up), formats.number(there.length))
              }`}
            />
          </Link>
        );
      })}
    </nav>
  );
}
