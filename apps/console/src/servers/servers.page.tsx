import {
  vpnProvisionerMaintenanceReadOptions,
  vpnProvisionerMaintenanceSet,
  type VpnProvisionerMaintenance,
} from '@switchboard/api-client';
import { Button, notify, Page, ProblemLine, Tabs, useConfirm } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { Construction } from 'lucide-react';
import { etagOf, refresh, tellProblem } from '../http/api';
import { lazyPart } from '../lazy-part';
import { oneOf, useSetSearch } from '../search';
import { useStaff } from '../session';
import { ServerList } from './server-list';
import { useServerTexts } from './servers.texts';
import './servers.css';

const Migrations = lazyPart(() => import('./migrations'), 'Migrations');
const Capacity = lazyPart(() => import('./capacity'), 'Capacity');
const UsageAnomalies = lazyPart(() => import('./usage-anomalies'), 'UsageAnomalies');

const tabs = ['servers', 'migrations', 'capacity', 'unusual'] as const;
/** What narrows the list of a tab down means nothing to the others. */
const none = { state: undefined, region: undefined, server: undefined, bot: undefined, kind: undefined };
const LOOK_EVERY_MS = 30_000;

export function ServersPage() {
  const t = useServerTexts();
  const set = useSetSearch();
  const { tab } = useSearch({ from: '/console/servers' });
  const { data: maintenance, error } = useQuery({
    ...vpnProvisionerMaintenanceReadOptions(),
    refetchInterval: LOOK_EVERY_MS,
  });
  return (
    <Page title={t.title} about={t.about} actions={maintenance && <MaintenanceButton maintenance={maintenance} />}>
      {error && !maintenance && <ProblemLine error={error} />}
      {maintenance?.on && (
        <p className="note" role="status">
          <b>{t.maintenance}.</b> {maintenance.byStaff ? t.maintenanceOn : t.maintenanceByItself}
        </p>
      )}
      <Tabs
        label={t.title}
        selected={oneOf(tabs, tab) ?? 'servers'}
        onSelect={(id) => set({ tab: id === 'servers' ? undefined : id, ...none })}
        tabs={[
          { id: 'servers', title: t.tabs.servers, content: <ServerList /> },
          { id: 'migrations', title: t.tabs.migrations, content: <Migrations /> },
          { id: 'capacity', title: t.tabs.capacity, content: <Capacity /> },
          { id: 'unusual', title: t.tabs.unusual, content: <UsageAnomalies /> },
        ]}
      />
    </Page>
  );
}

/** What began by itself ends by itself: staff switch their own on and off. */
function MaintenanceButton({ maintenance: { byStaff, revision } }: { maintenance: VpnProvisionerMaintenance }) {
  const t = useServerTexts();
  const confirm = useConfirm();
  const mayWrite = useStaff().canWithAllBots('servers:write');
  if (!mayWrite) return null;
  const turn = async (on: boolean) => {
    const question = { title: t.switchOnTitle, text: t.switchOnText, action: t.switchOn, look: 'danger' as const };
    if (on && (await confirm(question)) === undefined) return;
    await vpnProvisionerMaintenanceSet({ headers: { 'If-Match': etagOf(revision) }, body: { on } })
      .then(() => notify({ text: on ? t.isOn : t.isOff }))
      .catch(tellProblem);
    await refresh('vpnProvisionerMaintenance');
  };
  return (
    <Button icon={<Construction />} onPress={() => void turn(!byStaff)}>
      {byStaff ? t.switchOff : t.switchOn}
    </Button>
  );
}
