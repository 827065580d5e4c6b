import {
  analyticsAlertSettingsChange,
  analyticsAlertSettingsReadOptions,
  type AnalyticsAlertSettingsWithRevision,
} from '@switchboard/api-client';
import {
  Card,
  Checkbox,
  FieldRow,
  Form,
  type FormValues,
  notify,
  NumberField,
  SubmitButton,
  TextField,
  useForm,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { etagOf, refresh } from '../http/api';
import { Loaded } from '../loaded';
import { type Kept, KeptRow, KeptRowProblem } from '../kept-row/kept-row';
import { useStaff } from '../session';
import { useAlertTexts } from './alerts.texts';

const MICROS = 1_000_000;

export function AlertSettings() {
  const t = useAlertTexts();
  const answer = useQuery(analyticsAlertSettingsReadOptions());
  return (
    <Card title={t.tabs.settings} about={t.settings.about}>
      <Loaded answer={answer} lines={6}>
        {(data) => (
          <KeptRow latest={data} readAnew={() => refresh('analyticsAlertSettings')}>
            {(row, kept) => <SettingsForm settings={row} kept={kept} />}
          </KeptRow>
        )}
      </Loaded>
    </Card>
  );
}

function micros(values: FormValues, name: string): number | undefined {
  const dollars = values.number(name);
  return dollars === undefined ? undefined : Math.round(dollars * MICROS);
}

function SettingsForm({
  settings,
  kept,
}: {
  settings: AnalyticsAlertSettingsWithRevision;
  kept: Kept<AnalyticsAlertSettingsWithRevision>;
}) {
  const t = useAlertTexts();
  const mayWrite = useStaff().can('alerts:write');
  const [quiet, setQuiet] = useState(settings.quietHours !== null);
  const form = useForm({
    send: (values) =>
      analyticsAlertSettingsChange({
        headers: { 'If-Match': etagOf(settings.revision) },
        body: {
          zone: values.text('zone'),
          quietHours: quiet ? { from: values.text('quietHours.from'), to: values.text('quietHours.to') } : null,
          warnExcessMicrosPerHour: micros(values, 'warnExcessMicrosPerHour') ?? settings.warnExcessMicrosPerHour,
          pageExcessMicrosPerHour: micros(values, 'pageExcessMicrosPerHour') ?? settings.pageExcessMicrosPerHour,
          throttle: values.flag('throttle'),
          throttleHours: values.number('throttleHours') ?? settings.throttleHours,
        },
      }),
    done: ({ data: saved }) => {
      notify({ text: t.settings.saved });
      void kept.goOn(saved);
    },
  });
  const dollars = { style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol' } as const;
  return (
    <Form form={form}>
      <KeptRowProblem form={form} kept={kept} />
      <FieldRow>
        <NumberField
          name="warnExcessMicrosPerHour"
          label={t.settings.warn}
          hint={t.settings.warnHint}
          defaultValue={settings.warnExcessMicrosPerHour / MICROS}
          minValue={0}
          step={0.5}
          formatOptions={dollars}
          isDisabled={!mayWrite}
          isRequired
        />
        <NumberField
          name="pageExcessMicrosPerHour"
          label={t.settings.page}
          hint={t.settings.warnHint}
          defaultValue={settings.pageExcessMicrosPerHour / MICROS}
          minValue={0}
          step={0.5}
          formatOptions={dollars}
          isDisabled={!mayWrite}
          isRequired
        />
      </FieldRow>
      <TextField
        name="zone"
        label={t.settings.zone}
        hint={t.settings.zoneHint}
        defaultValue={settings.zone}
        isDisabled={!mayWrite}
        isRequired
      />
      <Checkbox isSelected={quiet} onChange={setQuiet} isDisabled={!mayWrite} hint={t.settings.quietHint}>
        {t.settings.hasQuiet}
      </Checkbox>
      {quiet && (
        <FieldRow>
          <TextField
            name="quietHours.from"
            type="time"
            label={t.settings.from}
            defaultValue={settings.quietHours?.from ?? '22:00'}
            isDisabled={!mayWrite}
          />
          <TextField
            name="quietHours.to"
            type="time"
            label={t.settings.to}
            defaultValue={settings.quietHours?.to ?? '08:00'}
            isDisabled={!mayWrite}
          />
        </FieldRow>
      )}
      <Checkbox name="throttle" defaultSelected={settings.throttle} isDisabled={!mayWrite}>
        {t.settings.throttle}
      </Checkbox>
      <NumberField
        name="throttleHours"
        label={t.settings.throttleHours}
        defaultValue={settings.throttleHours}
        minValue={1}
        maxValue={168}
        isDisabled={!mayWrite}
        isRequired
      />
      {mayWrite && (
        <div className="ui-form-actions">
          <SubmitButton form={form}>{t.settings.save}</SubmitButton>
        </div>
      )}
    </Form>
  );
}
