import { vpnProvisionerPanelKindsListOptions } from '@switchboard/api-client';
import { Page } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { Loaded } from '../loaded';
import { ServerForm } from './server-form';
import { useServerFormTexts } from './server-form.texts';
import { useServerTexts } from './servers.texts';
import './servers.css';

export function NewServerPage() {
  const t = useServerFormTexts();
  const { title } = useServerTexts();
  const kinds = useQuery({ ...vpnProvisionerPanelKindsListOptions(), staleTime: Infinity });
  return (
    <Page title={t.new} way={[{ title, href: '/console/servers' }]} width="narrow">
      <Loaded answer={kinds} lines={8}>
        {({ data }) => <ServerForm kinds={data} />}
      </Loaded>
    </Page>
  );
}
