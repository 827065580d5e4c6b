import { type GatewayApiKey, gatewayKeysListOptions, gatewayKeysRevoke } from '@switchboard/api-client';
import {
  Ago,
  Badge,
  Button,
  ButtonLink,
  CodeLine,
  type Column,
  DataTable,
  Dialog,
  DialogBody,
  Empty,
  Facts,
  type MenuEntry,
  Moment,
  notify,
  Page,
  type Tone,
  useConfirm,
  wordOf,
} from '@switchboard/ui';
import { useSearch } from '@tanstack/react-router';
import { Ban, BookOpen, KeyRound, Plus, RefreshCw } from 'lucide-react';
import { useState } from 'react';
import { refresh, tellProblem } from '../http/api';
import { useList } from '../list';
import { useStaff } from '../session';
import { usePermissionName } from '../staff-names/permission-texts';
import { NewKeyDialog, RotateKeyDialog } from './key-dialogs';
import { useKeyTexts } from './keys.texts';

const SOON_MS = 14 * 86_400_000;

type State = 'live' | 'expiring' | 'ended' | 'expired';
const tones: Record<State, Tone> = { live: 'good', expiring: 'warn', ended: 'neutral', expired: 'neutral' };

function stateOf({ endedAt, expiresAt }: GatewayApiKey): State {
  if (endedAt) return 'ended';
  const left = Date.parse(expiresAt) - Date.now();
  return left < 0 ? 'expired' : left < SOON_MS ? 'expiring' : 'live';
}

export function KeysPage() {
  const t = useKeyTexts();
  const confirm = useConfirm();
  const mayWrite = useStaff().can('keys:write');
  const { after } = useSearch({ from: '/console/keys' });
  const [making, setMaking] = useState(false);
  const [rotated, setRotated] = useState<GatewayApiKey>();
  const [shown, setShown] = useState<GatewayApiKey>();
  const { list } = useList(gatewayKeysListOptions({ query: { after, limit: 50 } }));
  const revoke = async ({ id, name }: GatewayApiKey) => {
    const question = { title: t.revokeTitle(name), text: t.revokeText, action: t.revoke, look: 'danger' as const };
    if ((await confirm(question)) === undefined) return;
    await gatewayKeysRevoke({ path: { keyId: id } })
      .then(() => notify({ text: t.revoked(name) }))
      .catch(tellProblem);
    await refresh('gatewayKeys');
  };
  const newButton = mayWrite && (
    <Button look="primary" icon={<Plus />} onPress={() => setMaking(true)}>
      {t.new}
    </Button>
  );
  const changesOf = (key: GatewayApiKey): MenuEntry[] =>
    mayWrite && ['live', 'expiring'].includes(stateOf(key))
      ? [
          { id: 'rotate', label: t.rotate, icon: <RefreshCw />, onAction: () => setRotated(key) },
          { id: 'revoke', label: t.revoke, icon: <Ban />, look: 'danger', onAction: () => void revoke(key) },
        ]
      : [];
  const columns: Column<GatewayApiKey>[] = [
    { id: 'name', title: t.name, cell: ({ name }) => name },
    {
      ...{ id: 'state', title: t.state, width: '150px', phone: 'state' },
      cell: (key) => <KeyState apiKey={key} />,
    },
    { id: 'team', title: t.team, width: '150px', cell: ({ team }) => team },
    { id: 'id', title: t.id, width: '150px', cell: ({ id }) => <code>{id}</code>, phone: 'never' },
    {
      ...{ id: 'used', title: t.used, width: '140px' },
      cell: ({ usedAt }) => (usedAt ? <Ago at={usedAt} /> : <span className="soft">{t.never}</span>),
    },
    { id: 'expires', title: t.expires, width: '140px', cell: ({ expiresAt }) => <Moment at={expiresAt} look="date" /> },
  ];
  return (
    <Page
      title={t.title}
      about={t.about}
      actions={
        <>
          <ButtonLink href="/docs" target="_blank" icon={<BookOpen />}>
            {t.reference}
          </ButtonLink>
          {newButton}
        </>
      }
    >
      <DataTable
        label={t.title}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ name }) => name}
        onOpen={setShown}
        empty={
          <Empty icon={<KeyRound />} title={t.none} action={newButton}>
            {t.noneText}
          </Empty>
        }
        actions={mayWrite ? (key) => [{ id: 'changes', entries: changesOf(key) }] : undefined}
      />
      {making && <NewKeyDialog onClose={() => setMaking(false)} />}
      {rotated && <RotateKeyDialog apiKey={rotated} onClose={() => setRotated(undefined)} />}
      {shown && <KeyDialog apiKey={shown} onClose={() => setShown(undefined)} />}
    </Page>
  );
}

function KeyState({ apiKey }: { apiKey: GatewayApiKey }) {
  const t = useKeyTexts();
  const state = stateOf(apiKey);
  return (
    <Badge dot tone={tones[state]}>
      {t.states[state]}
    </Badge>
  );
}

function KeyDialog({ apiKey: key, onClose }: { apiKey: GatewayApiKey; onClose: () => void }) {
  const t = useKeyTexts();
  const permissionName = usePermissionName();
  return (
    <Dialog look="side" title={key.name} isOpen onOpenChange={(open) => !open && onClose()}>
      <DialogBody>
        <Facts
          facts={[
            [t.state, <KeyState key="state" apiKey={key} />],
            [t.id, <CodeLine key="id" text={key.id} />],
            [t.team, key.team],
            [
              t.scopes,
              <span key="scopes" className="ui-row">
                {key.scopes.map((scope) => (
                  <Badge key={scope}>
                    <span title={scope}>{permissionName(scope)}</span>
                  </Badge>
                ))}
              </span>,
            ],
            [t.bots, key.bots ? key.bots.join(', ') : t.allBots],
            [t.networks, key.networks.length > 0 ? key.networks.join(', ') : t.anywhere],
            [t.rate, wordOf(t.rates, key.rate)],
            [t.used, key.usedAt ? <Moment key="used" at={key.usedAt} /> : t.never],
            [t.expires, <Moment key="expires" at={key.expiresAt} />],
            [t.states.ended, key.endedAt && <Moment key="ended" at={key.endedAt} />],
            [t.because, wordOf(t.reasons, key.endedBecause)],
          ]}
        />
      </DialogBody>
    </Dialog>
  );
}
