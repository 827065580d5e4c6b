import { useState } from 'react';
import {
  Card,
  Checkbox,
  CheckboxGroup,
  ComboBox,
  DateRangeField,
  FieldRow,
  Filters,
  Form,
  FormProblem,
  Grid,
  MoneyField,
  NumberField,
  Page,
  RadioGroup,
  SearchField,
  Select,
  SubmitButton,
  Switch,
  TextArea,
  TextField,
  useForm,
} from '../src';
import { useGalleryTexts } from './gallery.texts';

const bots = ['lumen', 'northwind', 'tutor', 'garden', 'atlas', 'beacon'].map((id) => ({ id, label: id }));

export function Fields() {
  const t = useGalleryTexts();
  const [days, setDays] = useState({ from: '2026-11-01', to: '2026-11-27' });
  const [state, setState] = useState<string>();
  const refused = {
    title: 'Unprocessable Entity',
    status: 422,
    code: 'validation_failed',
    detail: 'The request does not fit.',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    errors: [
      { pointer: '/name', code: 'required', detail: '' },
      { pointer: '/email', code: 'invalid_format', detail: 'Invalid email address' },
      { pointer: '/elsewhere', code: 'custom', detail: 'does not fit' },
    ],
  };
  const form = useForm({ send: () => Promise.reject(refused as unknown as Error) });
  return (
    <Page title={t.sections.fields} about={t.about}>
      <Filters
        search={<SearchField label={t.name} keys="/" />}
        set={1}
        end={<SubmitButton form={form}>{t.save}</SubmitButton>}
      >
        <Select
          label={t.state}
          hideLabel
          placeholder={t.state}
          value={state ?? null}
          onChange={setState}
          choices={[
            { id: 'active', label: t.active },
            { id: 'paused', label: t.paused },
          ]}
        />
        <DateRangeField label={t.days} hideLabel value={days} onChange={setDays} />
      </Filters>
      <Grid min={340}>
        <Card title="Form">
          <Form form={form}>
            <FormProblem form={form} />
            <TextField name="name" label={t.name} hint={t.hint} placeholder="Lumen" />
            <FieldRow>
              <TextField name="email" label={t.email} optional defaultValue="anna@" />
              <NumberField
                name="budget"
                label={t.cost}
                defaultValue={12.5}
                minValue={0}
                formatOptions={{ style: 'currency', currency: 'USD' }}
              />
            </FieldRow>
            <MoneyField name="price" label={t.cost} currency="RUB" defaultMinor={199_00} />
            <TextArea name="about" label={t.messages} defaultValue={t.emptyText} />
            <ComboBox name="bot" label={t.bot} choices={bots} defaultValue="lumen" />
            <Checkbox name="agreed">{t.hint}</Checkbox>
            <div className="ui-form-actions">
              <SubmitButton form={form}>{t.save}</SubmitButton>
            </div>
          </Form>
        </Card>
        <Card title="Toggles">
          <Switch defaultSelected hint={t.hint}>
            {t.active}
          </Switch>
          <Switch>{t.paused}</Switch>
          <Switch isDisabled>{t.broken}</Switch>
          <CheckboxGroup
            label={t.people}
            defaultValue={['a']}
            choices={[
              { id: 'a', label: t.active, hint: t.hint },
              { id: 'b', label: t.paused },
              { id: 'c', label: t.broken, disabled: true },
            ]}
          />
          <RadioGroup
            label={t.state}
            defaultValue="a"
            choices={[
              { id: 'a', label: t.active },
              { id: 'b', label: t.paused, hint: t.hint },
            ]}
          />
          <RadioGroup
            label={t.bot}
            cards
            defaultValue="telegram"
            choices={[
              { id: 'telegram', label: 'Telegram', hint: t.hint },
              { id: 'vk', label: 'VK', hint: t.hint },
            ]}
          />
          <TextField label={t.name} isInvalid />
          <TextField label={t.name} isDisabled defaultValue="Lumen" />
        </Card>
      </Grid>
    </Page>
  );
}
