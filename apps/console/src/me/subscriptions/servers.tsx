import { vpnProvisionerAccessesChooseServer, vpnProvisionerRegionsListMineOptions } from '@switchboard/api-client';
import { Badge, Card, Form, FormProblem, notify, RadioGroup, SubmitButton, useForm, useFormats } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { refresh } from '../../http/api';
import { Loaded } from '../../loaded';
import { useLocalized } from '../shop/shop.api';
import type { Access, Region } from './accesses.api';
import { useSubscriptionsTexts } from './subscriptions.texts';

const BEST = 'best';

/** Where the servers are that a person uses, and where else they could be. @param region that was chosen; null: wherever it is best */
export function Servers({ access, region }: { access: Access; region: string | null }) {
  const t = useSubscriptionsTexts().servers;
  const regions = useQuery(vpnProvisionerRegionsListMineOptions({ query: { botId: access.botId } }));
  return (
    <Card title={t.title} about={t.about}>
      <Loaded answer={regions} lines={5}>
        {({ data, maintenance }) =>
          maintenance ? (
            <p className="note">{t.maintenance}</p>
          ) : data.length === 0 ? (
            <p className="soft">{t.none}</p>
          ) : (
            <RegionChoice key={region} {...{ access, region }} regions={data} />
          )
        }
      </Loaded>
      {access.servers.length > 0 && <ServersNow access={access} />}
    </Card>
  );
}

function RegionChoice({
  access: { id: accessId, servers },
  region,
  regions,
}: {
  access: Access;
  region: string | null;
  regions: readonly Region[];
}) {
  const t = useSubscriptionsTexts().servers;
  const formats = useFormats();
  const localized = useLocalized();
  const now = region ?? BEST;
  const [wanted, setWanted] = useState(now);
  const form = useForm({
    send: (_, key) =>
      vpnProvisionerAccessesChooseServer({
        path: { accessId },
        body: { region: wanted === BEST ? null : wanted },
        headers: { 'Idempotency-Key': key },
      }),
    done: () => {
      notify({ text: t.moving });
      void refresh('vpnProvisioner', 'paymentsSubscriptions');
    },
  });
  const latencyIn = (id: string) => {
    const known = servers.flatMap((server) => (server.region === id ? (server.latencyMs ?? []) : []));
    return known.length > 0 ? t.latency(Math.min(...known)) : undefined;
  };
  return (
    <Form form={form}>
      <RadioGroup
        label={t.title}
        hideLabel
        cards
        value={wanted}
        onChange={setWanted}
        choices={[
          { id: BEST, label: t.best, hint: t.bestHint },
          ...regions.map(({ id, name, available, load }) => ({
            id,
            label: localized(name),
            disabled: !available && id !== now,
            hint: (
              <span className="server-words">
                {available ? t.load(formats.percent(load / 100, 0)) : t.full}
                {latencyIn(id) && <span>{latencyIn(id)}</span>}
              </span>
            ),
          })),
        ]}
      />
      <FormProblem form={form} />
      {wanted !== now && (
        <div>
          <SubmitButton form={form}>{t.move}</SubmitButton>
        </div>
      )}
    </Form>
  );
}

function ServersNow({ access: { servers } }: { access: Access }) {
  const t = useSubscriptionsTexts().servers;
  const formats = useFormats();
  return (
    <div className="servers-now">
      <h3>{t.yours}</h3>
      <ul>
        {servers.map(({ serverId, name, best, latencyMs, load }) => (
          <li key={serverId}>
            <span>
              {name} {best && <Badge tone="good">{t.bestBadge}</Badge>}
            </span>
            <small>
              {latencyMs === null ? t.unknown : t.latency(latencyMs)}, {t.load(formats.percent(load / 100, 0))}
            </small>
          </li>
        ))}
      </ul>
      <p className="soft">{t.measured}</p>
    </div>
  );
}
