import { gatewayMeChange, type GatewayProfile } from '@switchboard/api-client';
import {
  Card,
  CodeLine,
  Columns,
  ComboBox,
  Facts,
  Form,
  type Language,
  languages,
  Moment,
  notify,
  Page,
  ProblemState,
  Select,
  SkeletonLines,
  SubmitButton,
  TextField,
  useForm,
  useFormats,
  useKitTexts,
  useLanguage,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { etagOf } from '../http/api';
import { type Kept, KeptRow, KeptRowProblem } from '../kept-row/kept-row';
import { oneOf } from '../search';
import { MailNotices } from './mail-notices';
import { profileQuery, zoneOfBrowser } from './me.api';
import { useMeTexts } from './me.texts';

export function ProfilePage() {
  const t = useMeTexts().profile;
  const kit = useKitTexts();
  const { data, error, refetch } = useQuery(profileQuery);
  return (
    <Page title={t.title} about={t.about}>
      {data ? (
        <Columns
          main={
            <>
              <KeptRow latest={data} readAnew={refetch}>
                {(row, kept) => <ProfileForm profile={row} kept={kept} />}
              </KeptRow>
              <MailNotices />
            </>
          }
          side={
            <Card>
              <Facts
                facts={[
                  [t.since, <Moment key="since" at={data.registeredAt} look="date" />],
                  [t.id, <CodeLine key="id" text={data.userId} />],
                ]}
              />
              <p className="soft">{t.idHint}</p>
            </Card>
          }
        />
      ) : (
        <Card>
          {error ? (
            <ProblemState error={error} retry={() => void refetch()} />
          ) : (
            <SkeletonLines lines={6} label={kit.loading} />
          )}
        </Card>
      )}
    </Page>
  );
}

function ProfileForm({ profile, kept }: { profile: GatewayProfile; kept: Kept<GatewayProfile> }) {
  const t = useMeTexts().profile;
  const formats = useFormats();
  const { choose } = useLanguage();
  const form = useForm({
    send: async (values) => {
      const { data } = await gatewayMeChange({
        headers: { 'If-Match': etagOf(profile.revision) },
        body: {
          name: values.optional('name') ?? null,
          locale: values.text('locale'),
          timeZone: values.text('timeZone'),
        },
      });
      return data;
    },
    done: (saved) => {
      const language = oneOf(languages, saved.locale);
      if (language) choose(language);
      notify({ text: t.saved });
      void kept.goOn(saved);
    },
  });
  return (
    <Card>
      <Form form={form}>
        <KeptRowProblem form={form} kept={kept} />
        <TextField
          name="name"
          label={t.name}
          hint={t.nameHint}
          autoComplete="name"
          maxLength={100}
          defaultValue={profile.name ?? ''}
        />
        <Select
          name="locale"
          label={t.language}
          hint={t.languageHint}
          defaultValue={profile.locale}
          choices={[...new Set([...languages, profile.locale])].map((id) => ({
            id,
            label: names[id as Language] ?? formats.language(id),
          }))}
        />
        <ComboBox
          name="timeZone"
          label={t.timeZone}
          hint={profile.timeZone === zoneOfBrowser ? t.timeZoneHint : `${t.timeZoneHint} ${t.ofBrowser(zoneOfBrowser)}`}
          defaultValue={profile.timeZone}
          choices={zones(profile.timeZone).map((id) => ({ id, label: id.replaceAll('_', ' ') }))}
        />
        <div>
          <SubmitButton form={form}>{t.save}</SubmitButton>
        </div>
      </Form>
    </Card>
  );
}

const names: Record<Language, string> = { en: 'English', ru: 'Русский' };

/** Those that the browser knows, and the ones that it calls otherwise than the database of time zones does. */
const zones = (chosen: string): string[] => [
  ...new Set([chosen, zoneOfBrowser, 'UTC', ...Intl.supportedValuesOf('timeZone')]),
];
