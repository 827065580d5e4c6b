import {
  type VpnProvisionerPersonAccess,
  vpnProvisionerAccessesListOptions,
  vpnProvisionerAccessKeysReissue,
} from '@switchboard/api-client';
import {
  Ago,
  Badge,
  Button,
  Card,
  Facts,
  Moment,
  notify,
  ProblemState,
  Row,
  useConfirm,
  useFormats,
  wordOf,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { BotName } from '../bots/bot-parts';
import { refresh, tellProblem } from '../http/api';
import { useStaff } from '../session';
import { usePeopleTexts } from './people.texts';

/** What a person is owed of a VPN, and by which servers it is served; nothing where they have none. */
export function PersonVpn({ userId }: { userId: string }) {
  const t = usePeopleTexts().vpn;
  const { data, error, refetch } = useQuery(vpnProvisionerAccessesListOptions({ query: { userId } }));
  if (!data && error)
    return (
      <Card title={t.title}>
        <ProblemState error={error} retry={() => void refetch()} />
      </Card>
    );
  return data?.data.map((access) => <Access key={access.id} access={access} />);
}

function Access({ access }: { access: VpnProvisionerPersonAccess }) {
  const t = usePeopleTexts().vpn;
  const formats = useFormats();
  const confirm = useConfirm();
  const mayReissue = useStaff().can('access-keys:reissue', access.botId);
  const { id: accessId, botId, state, region, limitBytes, usedBytes, deviceLimit, keys, owedSince } = access;
  const reissue = async () => {
    const question = { title: t.reissueTitle, text: t.reissueText, action: t.reissue, look: 'danger' as const };
    if ((await confirm(question)) === undefined) return;
    await vpnProvisionerAccessKeysReissue({
      path: { accessId },
      headers: { 'Idempotency-Key': crypto.randomUUID() },
    })
      .then(() => notify({ text: t.reissued }))
      .catch(tellProblem);
    await refresh('vpnProvisionerAccesses');
  };
  return (
    <Card
      title={t.title}
      actions={
        mayReissue && (
          <Button size="small" icon={<KeyRound />} onPress={() => void reissue()}>
            {t.reissue}
          </Button>
        )
      }
    >
      <Facts
        facts={[
          [t.bot, <BotName key="bot" botId={botId} />],
          [t.state, wordOf(t.states, state)],
          [t.owed, owedSince && <Ago key="owed" at={owedSince} />],
          [t.until, <Moment key="until" at={access.servedUntil} />],
          [t.region, region],
          [
            t.traffic,
            limitBytes === null
              ? formats.traffic(usedBytes)
              : t.of(formats.traffic(usedBytes), formats.traffic(limitBytes)),
          ],
          [t.devices, deviceLimit !== null && formats.number(deviceLimit)],
          [
            t.servers,
            keys.length > 0 && (
              <Row key="servers">
                {keys.map(({ serverId, server, confirmed, error }) => (
                  <Badge key={serverId} dot tone={error ? 'bad' : confirmed ? 'good' : 'warn'}>
                    {server}
                  </Badge>
                ))}
              </Row>
            ),
          ],
        ]}
      />
    </Card>
  );
}
