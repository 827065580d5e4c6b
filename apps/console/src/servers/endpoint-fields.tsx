import type { VpnProvisionerEndpoint } from '@switchboard/api-client';
import { Button, Card, FieldRow, type FormValues, NumberField, Select, TextField } from '@switchboard/ui';
import { Plus, X } from 'lucide-react';
import { useState } from 'react';
import { useServerFormTexts } from './server-form.texts';

type Endpoint = VpnProvisionerEndpoint;

const protocols = ['vless', 'trojan', 'shadowsocks', 'outline'] as const;
const transports = ['tcp', 'ws', 'grpc', 'httpupgrade', 'xhttp'] as const;
const securities = ['none', 'tls', 'reality'] as const;
const optionals = [
  'path',
  'hostHeader',
  'serviceName',
  'sni',
  'fingerprint',
  'publicKey',
  'shortId',
  'flow',
  'cipher',
] as const;
type Optional = (typeof optionals)[number];

/** What of a connection there is beside host and port, by how it is made. */
function optionalsOf({
  protocol,
  transport,
  security,
}: Pick<Endpoint, 'protocol' | 'transport' | 'security'>): Optional[] {
  return [
    ...(['ws', 'httpupgrade', 'xhttp'].includes(transport) ? (['path', 'hostHeader'] as const) : []),
    ...(transport === 'grpc' ? (['serviceName'] as const) : []),
    ...(security === 'none' ? [] : (['sni', 'fingerprint'] as const)),
    ...(security === 'reality' ? (['publicKey', 'shortId'] as const) : []),
    ...(protocol === 'vless' ? (['flow'] as const) : []),
    ...(protocol === 'shadowsocks' ? (['cipher'] as const) : []),
  ];
}

/** In the order in which they stand. */
export function endpointsIn(values: FormValues, before: readonly Endpoint[]): Endpoint[] {
  return values.list('endpoint ids').map((id, i) => {
    const text = (name: string) => values.text(`endpoints.${i}.${name}`);
    const how = {
      protocol: protocols.find((one) => one === text('protocol')) ?? 'vless',
      transport: transports.find((one) => one === text('transport')) ?? 'tcp',
      security: securities.find((one) => one === text('security')) ?? 'none',
    };
    const given = optionalsOf(how).flatMap((name) => (text(name) ? [[name, text(name)] as const] : []));
    return {
      ...how,
      ...{ host: text('host'), port: values.number(`endpoints.${i}.port`) ?? 0 },
      ...(Object.fromEntries(given) as Partial<Record<Optional, string>>),
      // It has no field, and stays.
      ...(before[Number(id)]?.alpn && { alpn: before[Number(id)]!.alpn }),
    };
  });
}

const usual: Endpoint = {
  ...{ protocol: 'vless', host: '', port: 443, transport: 'tcp', security: 'reality', fingerprint: 'chrome' },
};

/** By which apps connect to a server. */
export function EndpointFields({ endpoints }: { endpoints: readonly Endpoint[] }) {
  const t = useServerFormTexts();
  const [rows, setRows] = useState(endpoints.map((endpoint, i) => ({ id: String(i), endpoint })));
  const add = () => {
    const last = rows.at(-1)?.endpoint ?? usual;
    setRows([...rows, { id: crypto.randomUUID(), endpoint: { ...usual, host: last.host, sni: last.sni } }]);
  };
  return (
    <Card title={t.endpoints} about={t.endpointsAbout}>
      {rows.map(({ id, endpoint }, i) => (
        <div key={id} className="endpoint" role="group" aria-label={`${t.endpoints} ${i + 1}`}>
          <input type="hidden" name="endpoint ids" value={id} />
          <EndpointRow index={i} endpoint={endpoint} />
          <div>
            <Button size="small" look="quiet" icon={<X />} onPress={() => setRows(rows.filter((row) => row.id !== id))}>
              {t.removeEndpoint}
            </Button>
          </div>
        </div>
      ))}
      {rows.length < 20 && (
        <div>
          <Button size="small" icon={<Plus />} onPress={add}>
            {t.addEndpoint}
          </Button>
        </div>
      )}
    </Card>
  );
}

function EndpointRow({ index, endpoint }: { index: number; endpoint: Endpoint }) {
  const t = useServerFormTexts();
  const [how, setHow] = useState(endpoint);
  const field = (name: string) => `endpoints.${index}.${name}`;
  const choice = (name: 'protocol' | 'transport' | 'security', words: readonly string[]) => (
    <Select
      name={field(name)}
      label={t.endpointFields[name]}
      value={how[name]}
      onChange={(word) => setHow({ ...how, [name]: word })}
      choices={words.map((word) => ({ id: word, label: word === 'none' ? t.none : word }))}
    />
  );
  return (
    <>
      <FieldRow>
        {choice('protocol', protocols)}
        {choice('transport', transports)}
        {choice('security', securities)}
      </FieldRow>
      <FieldRow>
        <TextField
          name={field('host')}
          label={t.endpointFields.host}
          defaultValue={endpoint.host}
          maxLength={255}
          isRequired
          mono
        />
        <NumberField
          name={field('port')}
          label={t.endpointFields.port}
          defaultValue={endpoint.port}
          minValue={1}
          maxValue={65_535}
          formatOptions={{ useGrouping: false }}
          isRequired
        />
      </FieldRow>
      {optionalsOf(how).length > 0 && (
        <FieldRow>
          {optionalsOf(how).map((name) => (
            <TextField
              key={name}
              name={field(name)}
              label={t.endpointFields[name]}
              defaultValue={endpoint[name]}
              optional
              mono
            />
          ))}
        </FieldRow>
      )}
    </>
  );
}
