import {
  vpnProvisionerMigrationPreviewsReadOptions,
  vpnProvisionerMigrationsPlan,
  vpnProvisionerServersListOptions,
} from '@switchboard/api-client';
import {
  BarList,
  Button,
  CheckboxGroup,
  Dialog,
  DialogActions,
  DialogBody,
  Form,
  FormProblem,
  notify,
  NumberField,
  ProblemLine,
  Select,
  SkeletonLines,
  Stack,
  SubmitButton,
  TextField,
  useForm,
  useFormats,
  useKitTexts,
} from '@switchboard/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { refresh } from '../http/api';
import { MigrationDialog } from './migration-table';
import { useMigrationTexts } from './migrations.texts';
import { useRegionNames } from './server-parts';

/** Plans a migration; where its people would go is shown while it is filled in. */
export function NewMigrationDialog({ fromServerId: chosen, onClose }: { fromServerId?: string; onClose: () => void }) {
  const t = useMigrationTexts();
  const kit = useKitTexts();
  const regionName = useRegionNames();
  const [from, setFrom] = useState(chosen);
  const [to, setTo] = useState<string[]>([]);
  const [people, setPeople] = useState<number>();
  const [plannedId, setPlanned] = useState<string>();
  const { data, error } = useQuery(vpnProvisionerServersListOptions());
  const servers = (data?.data ?? []).filter(({ state }) => state !== 'retired');
  const form = useForm({
    send: async (values, key) =>
      (
        await vpnProvisionerMigrationsPlan({
          headers: { 'Idempotency-Key': key },
          body: {
            fromServerId: from ?? '',
            toServerIds: to.length > 0 ? to : null,
            people: people ?? null,
            reason: values.optional('reason') ?? null,
          },
        })
      ).data,
    done: ({ id }) => {
      notify({ text: t.planned });
      void refresh('vpnProvisionerMigrations');
      setPlanned(id);
    },
  });
  // It is started where one sees what was planned.
  if (plannedId) return <MigrationDialog migrationId={plannedId} onClose={onClose} />;
  return (
    <Dialog title={t.newTitle} about={t.newAbout} isOpen onOpenChange={(open) => !open && onClose()}>
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          {error && !data && <ProblemLine error={error} />}
          <Select
            label={t.from}
            value={from ?? null}
            onChange={(id) => {
              setFrom(id);
              setTo(to.filter((one) => one !== id));
            }}
            choices={servers.map(({ id, name, region }) => ({ id, label: name, about: regionName(region) }))}
            required
          />
          <CheckboxGroup
            label={t.targets}
            hint={t.targetsHint}
            value={to}
            onChange={setTo}
            choices={servers
              .filter(({ id, state }) => id !== from && state === 'in-service')
              .map(({ id, name, region }) => ({ id, label: name, hint: regionName(region) }))}
            optional
          />
          <NumberField
            label={t.people}
            hint={t.peopleHint}
            onChange={(n) => setPeople(Number.isNaN(n) ? undefined : n)}
            minValue={1}
            optional
          />
          <TextField name="reason" label={t.reason} maxLength={500} optional />
          <Stack gap={8}>
            <h3>{t.preview}</h3>
            {from ? <Preview from={from} to={to} people={people} /> : <p className="soft">{t.previewNone}</p>}
          </Stack>
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form} isDisabled={!from}>
            {t.plan}
          </SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}

function Preview({ from, to, people }: { from: string; to: readonly string[]; people: number | undefined }) {
  const t = useMigrationTexts();
  const kit = useKitTexts();
  const formats = useFormats();
  const servers = useQuery(vpnProvisionerServersListOptions());
  const { data, error } = useQuery({
    ...vpnProvisionerMigrationPreviewsReadOptions({
      query: { fromServerId: from, toServerIds: to.length > 0 ? to.join(',') : undefined, people },
    }),
    placeholderData: keepPreviousData,
  });
  if (error) return <ProblemLine error={error} />;
  if (!data) return <SkeletonLines lines={3} label={kit.loading} />;
  if (data.people === 0) return <p className="soft">{t.previewEmpty}</p>;
  const nameOf = (serverId: string) => servers.data?.data.find(({ id }) => id === serverId)?.name ?? serverId;
  return (
    <div role="status" className="ui-stack">
      <p>{t.previewPeople(data.people)}</p>
      <BarList
        label={t.preview}
        format={formats.number}
        rows={data.targets.map(({ serverId, people: value }) => ({ id: serverId, label: nameOf(serverId), value }))}
      />
      {data.withoutRoom > 0 && <p className="note">{t.withoutRoom(data.withoutRoom)}</p>}
    </div>
  );
}
