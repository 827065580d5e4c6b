import { type ChatAiPromptVersion } from '@switchboard/api-client';
import { Button, ComboBox, IconButton } from '@switchboard/ui';
import { Plus, X } from 'lucide-react';
import { useExperimentTexts } from './experiments.texts';

const MOST_ARMS = 6;
/** The versions of a prompt that are compared; the first is the one in force. */
export function ArmFields({
  versions,
  arms,
  onChange,
}: {
  versions: readonly ChatAiPromptVersion[];
  arms: readonly (string | undefined)[];
  onChange: (arms: readonly (string | undefined)[]) => void;
}) {
  const t = useExperimentTexts();
  return (
    <>
      <ul className="experiment-arms">
        {arms.map((chosen, i) => (
          <li key={i}>
            <ComboBox
              label={i === 0 ? t.control : t.arm(i + 1)}
              placeholder={t.version}
              value={chosen ?? null}
              onChange={(id) => onChange(arms.map((old, at) => (at === i ? id : old)))}
              choices={versions
                .filter(({ id }) => id === chosen || !arms.includes(id))
                .map(({ id, version, note, isInForce }) => ({
                  id,
                  label: t.versionOf(version, note ?? ''),
                  about: isInForce ? t.inForce : undefined,
                }))}
            />
            {i > 1 && (
              <IconButton label={t.removeArm} icon={<X />} onPress={() => onChange(arms.filter((_, at) => at !== i))} />
            )}
          </li>
        ))}
      </ul>
      {arms.length < Math.min(MOST_ARMS, versions.length) && (
        <div>
          <Button size="small" icon={<Plus />} onPress={() => onChange([...arms, undefined])}>
            {t.addArm}
          </Button>
        </div>
      )}
    </>
  );
}
