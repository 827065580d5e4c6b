import {
  vpnProvisionerDevicesForget,
  vpnProvisionerDevicesListMineOptions,
  vpnProvisionerDevicesReset,
} from '@switchboard/api-client';
import { Ago, Button, Card, notify, useConfirm, useFormats } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { MonitorSmartphone } from 'lucide-react';
import { refresh, tellProblem } from '../../http/api';
import { Loaded } from '../../loaded';
import { useSubscriptionsTexts } from './subscriptions.texts';

/** Which devices have asked for the servers, and how room is made for another one. */
export function VpnDevices({ accessId }: { accessId: string }) {
  const t = useSubscriptionsTexts().devices;
  const formats = useFormats();
  const confirm = useConfirm();
  const answer = useQuery(vpnProvisionerDevicesListMineOptions({ path: { accessId } }));
  const ask = async (work: Promise<unknown>, done: string) => {
    await work.then(() => notify({ text: done })).catch(tellProblem);
    await refresh('vpnProvisionerDevices', 'vpnProvisionerAccesses');
  };
  const reset = async (left: number) => {
    const question = { title: t.resetTitle, text: t.resetText(left), action: t.reset, look: 'danger' } as const;
    if ((await confirm(question)) === undefined) return;
    const headers = { 'Idempotency-Key': crypto.randomUUID() };
    await ask(vpnProvisionerDevicesReset({ path: { accessId }, headers }), t.wereReset);
  };
  const { data: devices, limit } = answer.data ?? {};
  const about = devices && (limit == null ? t.usedAny(devices.length) : t.used(devices.length, limit));
  return (
    <Card title={t.title} about={about} flush>
      <Loaded answer={answer}>
        {({ data, resetsLeft }) =>
          data.length === 0 ? (
            <p className="ui-list-none">{t.none}</p>
          ) : (
            <>
              <ul className="me-list">
                {data.map(({ deviceId, name, firstSeenAt, seenAt }) => (
                  <li key={deviceId}>
                    <span className="me-channel" aria-hidden>
                      <MonitorSmartphone />
                    </span>
                    <div className="me-list-words">
                      <strong>{name}</strong>
                      <small>
                        {t.seen} <Ago at={seenAt} />, {t.since} {formats.date(firstSeenAt)}
                      </small>
                    </div>
                    <Button
                      size="small"
                      look="quiet"
                      aria-label={`${t.forget}: ${name}`}
                      onPress={() =>
                        void ask(vpnProvisionerDevicesForget({ path: { accessId, deviceId } }), t.forgotten(name))
                      }
                    >
                      {t.forget}
                    </Button>
                  </li>
                ))}
              </ul>
              {data.length > 1 && (
                <div className="me-list-foot">
                  {resetsLeft > 0 ? (
                    <Button wide onPress={() => void reset(resetsLeft)}>
                      {t.reset}
                    </Button>
                  ) : (
                    <p className="soft">{t.noResets}</p>
                  )}
                </div>
              )}
            </>
          )
        }
      </Loaded>
    </Card>
  );
}
