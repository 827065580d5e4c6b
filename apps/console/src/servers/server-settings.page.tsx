import { vpnProvisionerPanelKindsListOptions, vpnProvisionerServersReadOptions } from '@switchboard/api-client';
import { Page } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { refresh } from '../http/api';
import { KeptRow } from '../kept-row/kept-row';
import { Loaded } from '../loaded';
import { PendingPage } from '../pending-page';
import { ServerForm } from './server-form';
import { useServerFormTexts } from './server-form.texts';
import { useServerTexts } from './servers.texts';
import './servers.css';

export function ServerSettingsPage() {
  const t = useServerFormTexts();
  const { title } = useServerTexts();
  const { serverId } = useParams({ from: '/console/servers/$serverId/settings' });
  const { data, error, refetch } = useQuery(vpnProvisionerServersReadOptions({ path: { serverId } }));
  const kinds = useQuery({ ...vpnProvisionerPanelKindsListOptions(), staleTime: Infinity });
  const way = [{ title, href: '/console/servers' }];
  if (!data) return <PendingPage title={t.panel} way={way} error={error} refetch={refetch} />;
  return (
    <Page
      title={t.settings(data.name)}
      way={[...way, { title: data.name, href: `/console/servers/${serverId}` }]}
      width="narrow"
    >
      <Loaded answer={kinds} lines={8}>
        {({ data: all }) => (
          <KeptRow latest={data} readAnew={() => refresh('vpnProvisionerServers')}>
            {(row, kept) => <ServerForm kinds={all} server={row} kept={kept} />}
          </KeptRow>
        )}
      </Loaded>
    </Page>
  );
}
