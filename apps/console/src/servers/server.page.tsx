import {
  type VpnProvisionerServer,
  vpnProvisionerDriftChecksRequest,
  vpnProvisionerDriftReportsListOptions,
  type VpnProvisionerDriftReportsListResponse,
  vpnProvisionerHealthSamplesListOptions,
  vpnProvisionerServersChange,
  vpnProvisionerServersReadOptions,
} from '@switchboard/api-client';
import {
  Ago,
  Button,
  ButtonLink,
  Card,
  type Column,
  Columns,
  DataTable,
  Facts,
  Grid,
  IconButton,
  LineChart,
  MenuButton,
  type MenuEntry,
  Moment,
  notify,
  Page,
  useConfirm,
  useFormats,
  useKitTexts,
  wordOf,
} from '@switchboard/ui';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { ArrowRightLeft, CircleStop, Ellipsis, ListChecks, Pencil, Power, PowerOff } from 'lucide-react';
import { Suspense, useState } from 'react';
import { etagOf, refresh, tellProblem } from '../http/api';
import { lazyPart } from '../lazy-part';
import { Loaded } from '../loaded';
import { PendingPage } from '../pending-page';
import { useStaff } from '../session';
import { MigrationTable } from './migration-table';
import { Load, panelNames, ServerState, useRegionNames } from './server-parts';
import { useServerTexts } from './servers.texts';
import './servers.css';

const NewMigrationDialog = lazyPart(() => import('./new-migration-dialog'), 'NewMigrationDialog');

type Server = VpnProvisionerServer;
type Drift = VpnProvisionerDriftReportsListResponse['data'][number];

const LOOK_EVERY_MS = 15_000;

export function ServerPage() {
  const t = useServerTexts();
  const { serverId } = useParams({ from: '/console/servers/$serverId' });
  const { data, error, refetch } = useQuery({
    ...vpnProvisionerServersReadOptions({ path: { serverId } }),
    refetchInterval: LOOK_EVERY_MS,
  });
  if (data) return <KnownServer server={data} />;
  return (
    <PendingPage
      title={t.server}
      way={[{ title: t.title, href: '/console/servers' }]}
      error={error}
      refetch={refetch}
    />
  );
}

function KnownServer({ server }: { server: Server }) {
  const t = useServerTexts();
  const kit = useKitTexts();
  const confirm = useConfirm();
  const { id: serverId, name, state, revision } = server;
  const mayWrite = useStaff().canWithAllBots('servers:write');
  const [moving, setMoving] = useState(false);
  const turn = async (next: Server['state'], text: string) => {
    const question = { title: t.retireTitle(name), text: t.retireText, action: t.retire, look: 'danger' as const };
    if (next === 'retired' && (await confirm(question)) === undefined) return;
    await vpnProvisionerServersChange({
      path: { serverId },
      headers: { 'If-Match': etagOf(revision) },
      body: { state: next },
    })
      .then(() => notify({ text }))
      .catch(tellProblem);
    await refresh('vpnProvisionerServers');
  };
  // Comparisons that are asked for one after the other are different ones.
  const check = useMutation({
    mutationFn: () =>
      vpnProvisionerDriftChecksRequest({
        path: { serverId },
        headers: { 'Idempotency-Key': crypto.randomUUID() },
      }),
    onSuccess: () => notify({ text: t.checking }),
  });
  const isRetired = state === 'retired';
  const turns: MenuEntry[] = [
    ...(state === 'in-service'
      ? [
          {
            ...{ id: 'drain', label: t.drain, icon: <PowerOff /> },
            onAction: () => void turn('draining', t.drained),
          },
        ]
      : [{ id: 'serve', label: t.serve, icon: <Power />, onAction: () => void turn('in-service', t.served) }]),
    ...(isRetired
      ? []
      : [
          {
            ...{ id: 'retire', label: t.retire, icon: <CircleStop />, look: 'danger' as const },
            onAction: () => void turn('retired', t.retired),
          },
        ]),
  ];
  return (
    <Page
      title={name}
      way={[{ title: t.title, href: '/console/servers' }]}
      aside={<ServerState server={server} />}
      actions={
        mayWrite && (
          <>
            <ButtonLink icon={<Pencil />} href={`/console/servers/${serverId}/settings`}>
              {t.change}
            </ButtonLink>
            {!isRetired && (
              <Button icon={<ArrowRightLeft />} onPress={() => setMoving(true)}>
                {t.move}
              </Button>
            )}
            <MenuButton
              label={kit.more}
              placement="bottom end"
              groups={[
                {
                  id: 'do',
                  entries: [{ id: 'check', label: t.check, icon: <ListChecks />, onAction: () => check.mutate() }],
                },
                { id: 'turn', entries: turns },
              ]}
            >
              <IconButton label={kit.more} icon={<Ellipsis />} look="plain" />
            </MenuButton>
          </>
        )
      }
    >
      <Columns
        main={
          <>
            <LastDay serverId={serverId} />
            <DriftReports serverId={serverId} mayWrite={mayWrite} />
            <Card title={t.migrationsOf} flush>
              <MigrationTable serverId={serverId} />
            </Card>
          </>
        }
        side={<Side server={server} />}
      />
      <Suspense>{moving && <NewMigrationDialog fromServerId={serverId} onClose={() => setMoving(false)} />}</Suspense>
    </Page>
  );
}

function LastDay({ serverId }: { serverId: string }) {
  const t = useServerTexts();
  const formats = useFormats();
  const answer = useQuery({
    ...vpnProvisionerHealthSamplesListOptions({ path: { serverId }, query: { hours: 24 } }),
    refetchInterval: 60_000,
  });
  return (
    <Card title={t.lastDay}>
      <Loaded answer={answer} lines={6}>
        {({ data }) => {
          if (data.length === 0) return <p className="soft">{t.noSamples}</p>;
          const axis = {
            labels: data.map(({ at }) => formats.time(at)),
            titles: data.map(({ at }) => formats.dateTime(at)),
            height: 150,
          };
          return (
            <Grid min={280}>
              <div className="chart">
                <h3>{t.latency}</h3>
                <LineChart
                  {...axis}
                  label={t.latency}
                  series={[{ id: 'latency', name: t.latency, values: data.map(({ latencyMs }) => latencyMs) }]}
                  format={formats.duration}
                />
              </div>
              <div className="chart">
                <h3>{t.usersAndFailures}</h3>
                <LineChart
                  {...axis}
                  label={t.online}
                  series={[
                    { id: 'online', name: t.online, values: data.map(({ onlineUsers }) => onlineUsers) },
                    { id: 'failures', name: t.failures, values: data.map(({ failures }) => failures), color: 4 },
                  ]}
                  format={formats.number}
                />
              </div>
            </Grid>
          );
        }}
      </Loaded>
    </Card>
  );
}

function DriftReports({ serverId, mayWrite }: { serverId: string; mayWrite: boolean }) {
  const t = useServerTexts();
  const formats = useFormats();
  const { data, error, refetch } = useQuery(vpnProvisionerDriftReportsListOptions({ path: { serverId } }));
  const confirm = useConfirm();
  const held = data?.data[0]?.held ?? 0;
  const removeHeld = async () => {
    const question = { title: t.removeHeldTitle(held), text: t.removeHeldText, action: t.removeHeld };
    if ((await confirm({ ...question, look: 'danger' })) === undefined) return;
    await vpnProvisionerDriftChecksRequest({
      ...{ path: { serverId }, query: { removals: held } },
      headers: { 'Idempotency-Key': crypto.randomUUID() },
    })
      .then(() => notify({ text: t.checking }))
      .catch(tellProblem);
  };
  const count = (id: 'seen' | 'repaired' | 'orphans' | 'held' | 'strangers'): Column<Drift> => ({
    ...{ id, title: t.counts[id], width: '120px', align: 'end' },
    cell: (report) => formats.number(report[id]),
  });
  const columns: Column<Drift>[] = [
    { id: 'at', title: t.at, cell: ({ at }) => <Moment at={at} /> },
    ...[count('seen'), count('repaired'), count('orphans'), count('held'), count('strangers')],
  ];
  return (
    <Card
      title={t.drift}
      about={t.driftAbout}
      actions={held > 0 && mayWrite && <Button onPress={() => void removeHeld()}>{t.removeHeld}</Button>}
      flush
    >
      <DataTable
        label={t.drift}
        columns={columns}
        rows={data?.data}
        error={error}
        onRetry={() => void refetch()}
        idOf={({ id }) => id}
        nameOf={({ at }) => formats.dateTime(at)}
        toneOf={({ repaired, orphans, held }) => (repaired + orphans + held > 0 ? 'warn' : undefined)}
        empty={<p className="ui-list-none">{t.noDrift}</p>}
      />
    </Card>
  );
}

function Side({ server }: { server: Server }) {
  const t = useServerTexts();
  const formats = useFormats();
  const regionName = useRegionNames();
  const { health, endpoints, secretNames, monthlyCostMinor, currency } = server;
  const some = (count: number) => count > 0 && formats.number(count);
  return (
    <>
      <Card title={t.load}>
        <Load people={server.people} capacity={server.capacity} />
        <Facts
          facts={[
            [t.waiting, some(server.waiting)],
            [t.leaving, some(server.leaving)],
            [t.online, health.onlineUsers !== null && formats.number(health.onlineUsers)],
            ['CPU', health.cpu !== null && formats.percent(health.cpu, 0)],
            ['RAM', health.memory !== null && formats.percent(health.memory, 0)],
            [t.latency, health.latencyMs !== null && formats.duration(health.latencyMs)],
            [t.since, <Ago key="since" at={health.since} />],
            [t.probed, health.probedAt && <Ago key="probed" at={health.probedAt} />],
            [t.error, health.error && wordOf(t.errors, health.error)],
          ]}
        />
      </Card>
      <Card title={t.facts}>
        <Facts
          facts={[
            [t.region, regionName(server.region)],
            [t.panel, wordOf(panelNames, server.panelKind)],
            [t.version, health.version],
            [t.url, <code key="url">{server.url}</code>],
            [t.weight, formats.number(server.weight)],
            [t.cost, formats.money({ amountMinor: monthlyCostMinor, currency })],
            [t.secrets, secretNames.length > 0 && <Names key="secrets" names={secretNames} />],
            [
              t.endpoints,
              endpoints.length > 0 ? (
                <Names
                  key="endpoints"
                  names={endpoints.map(({ protocol, host, port }) => `${protocol} ${host}:${port}`)}
                />
              ) : (
                t.noEndpoints
              ),
            ],
          ]}
        />
      </Card>
    </>
  );
}

const Names = ({ names }: { names: readonly string[] }) => (
  <ul>
    {names.map((name) => (
      <li key={name}>
        <code className="wrapped">{name}</code>
      </li>
    ))}
  </ul>
);
