import { Checkbox, CheckboxGroup, type FormValues, NumberField, Select, TextArea, TextField } from '@switchboard/ui';
import { useServerFormTexts } from './server-form.texts';

/** As much of JSON Schema as the settings of panels are written in. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

type Settings = Record<string, unknown>;

const fieldOf = (name: string) => `settings.${name}`;

/** What kind of field shows a setting. */
function lookOf({
  type,
  enum: words,
  items,
}: Schema): 'choice' | 'text' | 'number' | 'flag' | 'choices' | 'list' | 'json' {
  if (words) return 'choice';
  if (type === 'string') return 'text';
  if (type === 'integer' || type === 'number') return 'number';
  if (type === 'boolean') return 'flag';
  if (type !== 'array' || !items?.type) return 'json';
  return items.enum ? 'choices' : ['string', 'integer', 'number'].includes(items.type) ? 'list' : 'json';
}

/** What was filled in; what was left empty is left out. */
export function settingsIn(values: FormValues, schema: Schema): Settings {
  const read = (name: string, setting: Schema): unknown => {
    const field = fieldOf(name);
    const look = lookOf(setting);
    if (look === 'flag') return values.flag(field);
    if (look === 'number') return values.number(field);
    if (look === 'choices') return values.list(field);
    const text = values.text(field);
    if (look === 'choice') return text === EMPTY ? '' : text;
    if (text === '') return undefined;
    if (look === 'json') return JSON.parse(text) as unknown;
    if (look === 'text') return text;
    const items = text.split(',').flatMap((item) => item.trim() || []);
    return setting.items?.type === 'string' ? items : items.map(Number);
  };
  const all = Object.entries(schema.properties ?? {}).map(([name, setting]) => [name, read(name, setting)] as const);
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}

/** An empty word of an enumeration: a choice needs an id. */
const EMPTY = '-';

/** The settings of a panel, as its kind describes them. */
export function SettingFields({ schema, settings }: { schema: Schema; settings: Settings }) {
  return Object.entries(schema.properties ?? {}).map(([name, setting]) => (
    <SettingField
      key={name}
      name={name}
      setting={setting}
      value={settings[name] ?? setting.default}
      isRequired={(schema.required ?? []).includes(name) && setting.default === undefined}
    />
  ));
}

function SettingField({
  name,
  setting,
  value,
  isRequired,
}: {
  name: string;
  setting: Schema;
  value: unknown;
  isRequired: boolean;
}) {
  const t = useServerFormTexts();
  const names: Readonly<Record<string, string>> = t.settingNames;
  const hints: Readonly<Record<string, string>> = t.settingHints;
  const { enum: words = [], items } = setting;
  const hint = hints[name];
  const common = { name: fieldOf(name), label: names[name] ?? name };
  const look = lookOf(setting);
  switch (look) {
    case 'choice':
      return (
        <Select
          {...common}
          defaultValue={typeof value === 'string' ? value || EMPTY : undefined}
          choices={words.map((word) => ({ id: word || EMPTY, label: word || t.none }))}
        />
      );
    case 'choices':
      return (
        <CheckboxGroup
          {...common}
          hint={hint}
          defaultValue={Array.isArray(value) ? (value as string[]) : []}
          choices={(items?.enum ?? []).map((word) => ({ id: word, label: word }))}
        />
      );
    case 'flag':
      return (
        <Checkbox name={common.name} defaultSelected={value === true}>
          {common.label}
        </Checkbox>
      );
    case 'number':
      return (
        <NumberField {...common} defaultValue={typeof value === 'number' ? value : undefined} isRequired={isRequired} />
      );
    case 'json':
      return (
        <TextArea
          {...common}
          hint={[hint, t.jsonHint].filter(Boolean).join(' ')}
          defaultValue={value === undefined ? '' : JSON.stringify(value)}
          validate={(text) => (isJson(text) ? undefined : t.notJson)}
          optional={!isRequired}
          rows={2}
          mono
        />
      );
    default:
      return (
        <TextField
          {...common}
          hint={look === 'list' ? [hint, t.listHint].filter(Boolean).join(' ') : hint}
          defaultValue={Array.isArray(value) ? value.join(', ') : typeof value === 'string' ? value : ''}
          isRequired={isRequired}
          optional={!isRequired}
          mono
        />
      );
  }
}

function isJson(text: string): boolean {
  if (text.trim() === '') return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
