import { type GatewayWebhookEndpoint, gatewayWebhookEndpointsListOptions } from '@switchboard/api-client';
import { Ago, Button, type Column, DataTable, Empty, Page, useFormats } from '@switchboard/ui';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Plus, Webhook } from 'lucide-react';
import { useState } from 'react';
import { useList } from '../list';
import { useStaff } from '../session';
import { EndpointDialog } from './endpoint-dialog';
import { EndpointState, stateOf } from './endpoint-parts';
import { useWebhookTexts } from './webhooks.texts';
import './webhooks.css';

/** Where webhooks go. */
export function WebhooksPage() {
  const t = useWebhookTexts();
  const formats = useFormats();
  const mayWrite = useStaff().can('webhooks:write');
  const { after } = useSearch({ from: '/console/webhooks' });
  const navigate = useNavigate();
  const [adding, setAdding] = useState(false);
  const { list } = useList(gatewayWebhookEndpointsListOptions({ query: { after, limit: 50 } }));
  const addButton = mayWrite && (
    <Button look="primary" icon={<Plus />} onPress={() => setAdding(true)}>
      {t.add}
    </Button>
  );
  const columns: Column<GatewayWebhookEndpoint>[] = [
    { id: 'endpoint', title: t.endpoint, cell: (endpoint) => <EndpointName endpoint={endpoint} /> },
    {
      ...{ id: 'state', title: t.state, width: '130px', phone: 'state' },
      cell: (endpoint) => <EndpointState endpoint={endpoint} />,
    },
    {
      ...{ id: 'types', title: t.types, width: '100px', align: 'end', phone: 'never' },
      cell: ({ types }) => formats.number(types.length),
    },
    {
      ...{ id: 'waiting', title: t.waiting, width: '120px', align: 'end', phone: 'never' },
      cell: ({ health }) => formats.number(health.waiting),
    },
    {
      ...{ id: 'success', title: t.lastSuccess, width: '180px' },
      cell: ({ health: { lastSuccessAt } }) =>
        lastSuccessAt ? <Ago at={lastSuccessAt} /> : <span className="soft">{t.neverDelivered}</span>,
    },
  ];
  return (
    <Page title={t.title} about={t.about} actions={addButton}>
      <DataTable
        label={t.title}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ url }) => url}
        href={({ id }) => `/console/webhooks/${id}`}
        toneOf={(endpoint) => (stateOf(endpoint) === 'failing' ? 'bad' : undefined)}
        empty={
          <Empty icon={<Webhook />} title={t.none} action={addButton}>
            {t.noneText}
          </Empty>
        }
      />
      {adding && (
        <EndpointDialog
          onClose={(opened) => {
            setAdding(false);
            if (opened) void navigate({ to: '/console/webhooks/$endpointId', params: { endpointId: opened.id } });
          }}
        />
      )}
    </Page>
  );
}

/** What it is for, where somebody has said it, and its address. */
function EndpointName({ endpoint: { url, description } }: { endpoint: GatewayWebhookEndpoint }) {
  return (
    <span className="two-lines">
      <span>{description || url.replace(/^https?:\/\//, '')}</span>
      {description && <small>{url}</small>}
    </span>
  );
}
