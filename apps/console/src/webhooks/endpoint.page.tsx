import {
  type GatewayWebhookEndpoint,
  gatewayWebhookEndpointsChange,
  gatewayWebhookEndpointsReadOptions,
  gatewayWebhookEndpointsRemove,
  gatewayWebhookEndpointsTest,
} from '@switchboard/api-client';
import {
  Ago,
  Badge,
  Button,
  Card,
  Columns,
  Facts,
  IconButton,
  MenuButton,
  Moment,
  notify,
  Page,
  Row,
  useConfirm,
  useFormats,
  useKitTexts,
  wordOf,
} from '@switchboard/ui';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { Ellipsis, KeyRound, Pencil, Power, RotateCcw, Send, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { etagOf, refresh, tellProblem } from '../http/api';
import { useBotNames } from '../bots/bots.api';
import { PendingPage } from '../pending-page';
import { useStaff } from '../session';
import { Deliveries } from './deliveries';
import { EndpointDialog } from './endpoint-dialog';
import { ReplayPeriodDialog } from './replay-dialog';
import { RotateWebhookSecretDialog } from './secret-dialogs';
import { EndpointState } from './endpoint-parts';
import { useWebhookTexts } from './webhooks.texts';
import './webhooks.css';

const SHOWN_TYPES = 6;

export function WebhookEndpointPage() {
  const t = useWebhookTexts();
  const { endpointId } = useParams({ from: '/console/webhooks/$endpointId' });
  const { data, error, refetch } = useQuery(gatewayWebhookEndpointsReadOptions({ path: { endpointId } }));
  if (data) return <KnownEndpoint endpoint={data} />;
  return (
    <PendingPage
      title={t.endpoint}
      way={[{ title: t.title, href: '/console/webhooks' }]}
      error={error}
      refetch={refetch}
    />
  );
}

function KnownEndpoint({ endpoint }: { endpoint: GatewayWebhookEndpoint }) {
  const t = useWebhookTexts();
  const kit = useKitTexts();
  const confirm = useConfirm();
  const navigate = useNavigate();
  const mayWrite = useStaff().can('webhooks:write');
  const [open, setOpen] = useState<'change' | 'rotate' | 'replay'>();
  const path = { endpointId: endpoint.id };
  const isEnabled = endpoint.state === 'enabled';
  // Tests that are asked for one after the other are different ones.
  const test = useMutation({
    mutationFn: () => gatewayWebhookEndpointsTest({ path, headers: { 'Idempotency-Key': crypto.randomUUID() } }),
    onSuccess: () => {
      notify({ text: t.testSent });
      void refresh('gatewayWebhookDeliveries');
    },
  });
  const turn = async (state: GatewayWebhookEndpoint['state']) => {
    if (state === 'disabled') {
      const question = { title: t.disableTitle, text: t.disableText, action: t.disable, look: 'danger' as const };
      if ((await confirm(question)) === undefined) return;
    }
    await gatewayWebhookEndpointsChange({
      ...{ path, headers: { 'If-Match': etagOf(endpoint.revision) }, body: { state } },
    })
      .then(() => notify({ text: t.switched[state] }))
      .catch(tellProblem);
    await refresh('gatewayWebhookEndpoints');
  };
  const remove = async () => {
    const question = { title: t.removeTitle, text: t.removeText, action: t.remove, look: 'danger' as const };
    if ((await confirm(question)) === undefined) return;
    try {
      await gatewayWebhookEndpointsRemove({ path });
      notify({ text: t.removed });
      await navigate({ to: '/console/webhooks' });
      await refresh('gatewayWebhookEndpointsList');
    } catch (error) {
      tellProblem(error);
    }
  };
  return (
    <Page
      title={endpoint.description || endpoint.url.replace(/^https?:\/\//, '')}
      way={[{ title: t.title, href: '/console/webhooks' }]}
      aside={<EndpointState endpoint={endpoint} />}
      actions={
        mayWrite && (
          <>
            <Button icon={<Pencil />} onPress={() => setOpen('change')}>
              {t.change}
            </Button>
            {isEnabled ? (
              <Button look="primary" icon={<Send />} isPending={test.isPending} onPress={() => test.mutate()}>
                {t.test}
              </Button>
            ) : (
              <Button look="primary" icon={<Power />} onPress={() => void turn('enabled')}>
                {t.enable}
              </Button>
            )}
            <MenuButton
              label={kit.more}
              placement="bottom end"
              groups={[
                {
                  id: 'do',
                  entries: [
                    {
                      ...{ id: 'replay', label: t.replayPeriod, icon: <RotateCcw /> },
                      onAction: () => setOpen('replay'),
                    },
                    { id: 'rotate', label: t.rotate, icon: <KeyRound />, onAction: () => setOpen('rotate') },
                  ],
                },
                {
                  id: 'end',
                  entries: [
                    ...(isEnabled
                      ? [
                          {
                            ...{ id: 'disable', label: t.disable, icon: <Power /> },
                            onAction: () => void turn('disabled'),
                          },
                        ]
                      : []),
                    {
                      ...{ id: 'remove', label: t.remove, icon: <Trash2 />, look: 'danger' },
                      onAction: () => void remove(),
                    },
                  ],
                },
              ]}
            >
              <IconButton label={kit.more} icon={<Ellipsis />} look="plain" />
            </MenuButton>
          </>
        )
      }
    >
      <Columns
        main={<Deliveries endpoint={endpoint} />}
        side={
          <>
            <Health endpoint={endpoint} />
            <Settings endpoint={endpoint} />
            <Secrets endpoint={endpoint} />
          </>
        }
      />
      {open === 'change' && <EndpointDialog endpoint={endpoint} onClose={() => setOpen(undefined)} />}
      {open === 'rotate' && <RotateWebhookSecretDialog endpoint={endpoint} onClose={() => setOpen(undefined)} />}
      {open === 'replay' && <ReplayPeriodDialog endpoint={endpoint} onClose={() => setOpen(undefined)} />}
    </Page>
  );
}

function Health({ endpoint: { health, disabledAt, disabledReason } }: { endpoint: GatewayWebhookEndpoint }) {
  const t = useWebhookTexts();
  const formats = useFormats();
  const { lastSuccessAt, lastFailureAt, failures, failingSince, waiting } = health;
  return (
    <Card title={t.health} about={t.healthAbout}>
      <Facts
        facts={[
          [
            t.states.disabled,
            disabledAt && (
              <span key="disabled">
                {wordOf(t.reasons, disabledReason)}, <Ago at={disabledAt} />
              </span>
            ),
          ],
          [t.lastSuccess, lastSuccessAt ? <Ago key="success" at={lastSuccessAt} /> : t.never],
          [t.lastFailure, lastFailureAt ? <Ago key="failure" at={lastFailureAt} /> : t.never],
          [
            t.inARow,
            failures > 0 &&
              t.failing(formats.number(failures), formats.relative(failingSince ?? lastFailureAt ?? Date.now())),
          ],
          [t.waiting, formats.number(waiting)],
        ]}
      />
    </Card>
  );
}

function Settings({ endpoint }: { endpoint: GatewayWebhookEndpoint }) {
  const t = useWebhookTexts();
  const nameOf = useBotNames();
  const { url, types, botIds, content, ordered, createdAt } = endpoint;
  return (
    <Card title={t.settings}>
      <Facts
        facts={[
          [t.url, <code key="url">{url}</code>],
          [t.bots, botIds ? botIds.map(nameOf).join(', ') : t.anyBot],
          [t.content, t.contents[content]],
          [t.ordered, ordered && t.yes],
          [t.created, <Moment key="created" at={createdAt} look="date" />],
        ]}
      />
      <Types types={types} />
    </Card>
  );
}

/** Of many, the first few: what stands below them is looked for as well. */
function Types({ types }: { types: readonly string[] }) {
  const t = useWebhookTexts();
  const [isOpen, setOpen] = useState(types.length <= SHOWN_TYPES);
  const shown = isOpen ? types : types.slice(0, SHOWN_TYPES);
  return (
    <Row>
      {shown.map((type) => (
        <Badge key={type}>{type}</Badge>
      ))}
      {!isOpen && (
        <Button size="small" look="plain" onPress={() => setOpen(true)}>
          {t.moreTypes(types.length - SHOWN_TYPES)}
        </Button>
      )}
    </Row>
  );
}

function Secrets({ endpoint: { secrets } }: { endpoint: GatewayWebhookEndpoint }) {
  const t = useWebhookTexts();
  const formats = useFormats();
  return (
    <Card title={t.secrets} about={t.secretsAbout}>
      <Facts
        facts={secrets.map(({ id, createdAt, expiresAt }) => [
          <Moment key={id} at={createdAt} look="date" />,
          <Badge key="state" tone={expiresAt ? 'warn' : 'good'}>
            {expiresAt ? t.secretUntil(formats.dateTime(expiresAt)) : t.secretCurrent}
          </Badge>,
        ])}
      />
    </Card>
  );
}
