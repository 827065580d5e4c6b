import { Columns, Page } from '@switchboard/ui';
import { Accounts } from './accounts';
import { Devices } from './devices';
import { useMeTexts } from './me.texts';

/** By what a person is known here, and where they are signed in. */
export function AccessPage() {
  const t = useMeTexts().access;
  return (
    <Page title={t.title} about={t.about}>
      <Columns main={<Accounts />} side={<Devices />} />
    </Page>
  );
}
