import {
  type VpnProvisionerPanelKindsListResponse,
  type VpnProvisionerServer,
  vpnProvisionerServersChange,
  vpnProvisionerServersCreate,
  vpnProvisionerServersTry,
  type VpnProvisionerServersTryResponse,
} from '@switchboard/api-client';
import {
  Button,
  ButtonLink,
  Card,
  Checkbox,
  FieldRow,
  Form,
  FormProblem,
  FormValues,
  isProblem,
  MoneyField,
  notify,
  NumberField,
  Select,
  SubmitButton,
  TextField,
  useForm,
  useFormats,
  useKitTexts,
  wordOf,
} from '@switchboard/ui';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { PlugZap } from 'lucide-react';
import { useState } from 'react';
import { etagOf, refresh } from '../http/api';
import { type Kept, KeptRowProblem } from '../kept-row/kept-row';
import { EndpointFields, endpointsIn } from './endpoint-fields';
import { useServerFormTexts } from './server-form.texts';
import { panelNames } from './server-parts';
import { useServerTexts } from './servers.texts';
import { SettingFields, settingsIn } from './setting-fields';

type Server = VpnProvisionerServer;
type PanelKind = VpnProvisionerPanelKindsListResponse['data'][number];

/** In which servers are mostly paid for. */
const currencies = ['USD', 'EUR', 'RUB'];

/** Adds a server, or changes one. */
export function ServerForm({
  kinds,
  server,
  kept,
}: {
  kinds: readonly PanelKind[];
  /** With `kept`: the one that is changed. */
  server?: Server;
  kept?: Kept<Server>;
}) {
  const t = useServerFormTexts();
  const kit = useKitTexts();
  const navigate = useNavigate();
  const [kindId, setKind] = useState(server?.panelKind ?? kinds[0]?.kind ?? '');
  const [currency, setCurrency] = useState(server?.currency ?? currencies[0]!);
  const kind = kinds.find((one) => one.kind === kindId);
  /** What is said of the panel. An address that was not changed is not sent: it is shown without its path. */
  const panelIn = (values: FormValues) => {
    const url = values.text('url');
    const secrets = (kind?.secrets ?? []).flatMap((name) => {
      const secret = values.exact(`secrets.${name}`);
      return secret ? [[name, secret] as const] : [];
    });
    return {
      ...(url !== server?.url && { url }),
      ...(kind && { settings: settingsIn(values, kind.settings) }),
      ...(secrets.length > 0 && { secrets: Object.fromEntries(secrets) }),
    };
  };
  const form = useForm({
    send: async (values, key) => {
      const panel = panelIn(values);
      const body = {
        ...panel,
        ...{ name: values.text('name'), region: values.text('region'), capacity: values.number('capacity') ?? 0 },
        ...{ weight: values.number('weight') ?? 1, parallelCalls: values.number('parallelCalls') ?? 4, currency },
        monthlyCostMinor: values.money('monthlyCostMinor', currency) ?? 0,
        endpoints: endpointsIn(values, server?.endpoints ?? []),
        force: values.flag('force'),
      };
      const { data } = server
        ? await vpnProvisionerServersChange({
            path: { serverId: server.id },
            headers: { 'If-Match': etagOf(server.revision) },
            body,
          })
        : await vpnProvisionerServersCreate({
            headers: { 'Idempotency-Key': key },
            body: { ...body, url: values.text('url'), panelKind: kindId },
          });
      return data;
    },
    done: (saved) => {
      notify({ text: t.saved });
      if (kept) return void kept.goOn(saved);
      void refresh('vpnProvisionerServers');
      void navigate({ to: '/console/servers/$serverId', params: { serverId: saved.id } });
    },
  });
  const valuesNow = () => new FormValues(new FormData(document.getElementById(form.id) as HTMLFormElement));
  const attempt = useMutation({
    mutationFn: async () =>
      (await vpnProvisionerServersTry({ body: { ...panelIn(valuesNow()), serverId: server?.id, panelKind: kindId } }))
        .data,
  });
  return (
    <Form form={form}>
      {kept ? <KeptRowProblem form={form} kept={kept} /> : <FormProblem form={form} />}
      {isProblem(form.error, 'vpn-provisioner.panel_unreachable') && (
        <Checkbox name="force" hint={t.forceHint}>
          {t.force}
        </Checkbox>
      )}
      <Card title={t.shown}>
        <FieldRow>
          <TextField
            name="name"
            label={t.name}
            hint={t.nameHint}
            defaultValue={server?.name}
            maxLength={60}
            isRequired
          />
          <TextField
            name="region"
            label={t.region}
            hint={t.regionHint}
            defaultValue={server?.region}
            pattern="[a-z]{2}(-[a-z0-9]{1,20})?"
            isRequired
            mono
          />
        </FieldRow>
      </Card>
      <Card
        title={t.panel}
        about={
          kind && kind.lacks.length > 0
            ? t.lacks(kind.lacks.map((lack) => wordOf(t.lackNames, lack)).join(', '))
            : undefined
        }
      >
        <FieldRow>
          <Select
            label={t.kind}
            value={kindId}
            onChange={setKind}
            choices={kinds.map((one) => ({ id: one.kind, label: wordOf(panelNames, one.kind) }))}
            disabled={server !== undefined}
          />
          <TextField
            name="url"
            type="url"
            label={t.url}
            hint={server ? t.urlKept : t.urlHint}
            defaultValue={server?.url}
            placeholder="https://"
            isRequired
            mono
          />
        </FieldRow>
        {kind && (
          <div key={kindId} className="ui-stack">
            <FieldRow>
              {kind.secrets.map((name) => (
                <TextField
                  key={name}
                  name={`secrets.${name}`}
                  type="password"
                  autoComplete="new-password"
                  label={wordOf(t.secretNames, name)}
                  hint={server?.secretNames.includes(name) ? t.secretKept : undefined}
                  isRequired={!server && kind.secrets.length === 1}
                  optional={kind.secrets.length > 1}
                />
              ))}
            </FieldRow>
            <SettingFields schema={kind.settings} settings={server?.panelKind === kindId ? server.settings : {}} />
          </div>
        )}
        <div className="ui-row">
          <Button icon={<PlugZap />} isPending={attempt.isPending} onPress={() => attempt.mutate()}>
            {t.try}
          </Button>
        </div>
        {attempt.data && <Attempt result={attempt.data} />}
      </Card>
      <Card title={t.room}>
        <FieldRow>
          <NumberField
            name="capacity"
            label={t.capacity}
            defaultValue={server?.capacity ?? 100}
            minValue={0}
            maxValue={1_000_000}
            isRequired
          />
          <NumberField
            name="weight"
            label={t.weight}
            hint={t.weightHint}
            defaultValue={server?.weight ?? 1}
            minValue={0.01}
            maxValue={100}
            isRequired
          />
          <NumberField
            name="parallelCalls"
            label={t.parallelCalls}
            hint={t.parallelCallsHint}
            defaultValue={server?.parallelCalls ?? 4}
            minValue={1}
            maxValue={64}
            isRequired
          />
        </FieldRow>
        <FieldRow>
          <MoneyField
            key={currency}
            name="monthlyCostMinor"
            label={t.cost}
            currency={currency}
            // So many kopecks are not as many cents.
            defaultMinor={server?.currency === currency ? server.monthlyCostMinor : undefined}
            minMinor={0}
            isRequired
          />
          <Select
            label={t.currency}
            value={currency}
            onChange={setCurrency}
            choices={[...new Set([currency, ...currencies])].map((id) => ({ id, label: id }))}
          />
        </FieldRow>
      </Card>
      <EndpointFields endpoints={server?.endpoints ?? []} />
      <div className="save-bar">
        <ButtonLink href={server ? `/console/servers/${server.id}` : '/console/servers'}>{kit.cancel}</ButtonLink>
        <SubmitButton form={form}>{t.save}</SubmitButton>
      </div>
    </Form>
  );
}

/** What a panel has answered, or why it has not. */
function Attempt({ result }: { result: VpnProvisionerServersTryResponse }) {
  const t = useServerFormTexts();
  const servers = useServerTexts();
  const formats = useFormats();
  const { answers, error, detail, latencyMs, version, onlineUsers } = result;
  return (
    <ul className="findings" role="status">
      <li data-severity={answers ? 'info' : 'error'}>
        <span>
          {answers
            ? t.answers(formats.duration(latencyMs ?? 0), version ?? '–')
            : error
              ? wordOf(servers.errors, error)
              : t.silent}{' '}
          {answers && onlineUsers !== null && t.online(formats.number(onlineUsers))}
          {!answers && detail && <code>{detail}</code>}
        </span>
      </li>
    </ul>
  );
}
