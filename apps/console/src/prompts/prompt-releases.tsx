import { type ChatAiPromptRelease, chatAiPromptReleasesListOptions } from '@switchboard/api-client';
import { Ago, Badge, Card, type Column, DataTable, Empty, type Tone } from '@switchboard/ui';
import { History } from 'lucide-react';
import { useState } from 'react';
import { StaffName } from '../staff-names/staff-names';
import { useList } from '../list';
import { usePromptTexts } from './prompts.texts';

const tones: Record<ChatAiPromptRelease['action'], Tone> = {
  published: 'good',
  rolled_back: 'warn',
  withdrawn: 'neutral',
};

/** What was in force when, by whom and why. */
export function PromptReleases({ botId }: { botId: string }) {
  const t = usePromptTexts();
  const [after, setAfter] = useState<string>();
  const { list } = useList(chatAiPromptReleasesListOptions({ path: { botId }, query: { limit: 25, after } }), setAfter);
  const columns: Column<ChatAiPromptRelease>[] = [
    {
      ...{ id: 'version', title: t.tabs.versions, width: '160px' },
      cell: ({ prompt }) => (prompt ? t.version(prompt.version) : t.origin.description),
    },
    {
      ...{ id: 'action', title: t.tabs.releases, width: '150px', phone: 'state' },
      cell: ({ action }) => <Badge tone={tones[action]}>{t.actions[action]}</Badge>,
    },
    { id: 'why', title: t.why, cell: ({ why }) => why },
    { id: 'by', title: t.by, width: '170px', cell: ({ releasedBy }) => releasedBy && <StaffName id={releasedBy} /> },
    { id: 'at', title: t.since, width: '150px', cell: ({ releasedAt }) => <Ago at={releasedAt} /> },
  ];
  return (
    <Card flush>
      <DataTable
        label={t.tabs.releases}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ prompt, number }) => (prompt ? t.version(prompt.version) : String(number))}
        empty={<Empty icon={<History />} title={t.noReleases} />}
      />
    </Card>
  );
}
