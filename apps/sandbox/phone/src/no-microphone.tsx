import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { NewFile } from './api';
import { audioDuration } from './recording';
import { Sheet } from './sheet';

/** Offers an audio file in place of a recording. */
export function NoMicrophone({ onClose, onChosen }: { onClose: () => void; onChosen: (file: NewFile) => void }) {
  const { t } = useTranslation();
  const chooser = useRef<HTMLInputElement>(null);

  async function choose(file: File | undefined) {
    if (!file) return;
    onClose();
    onChosen({ blob: file, name: file.name, kind: 'voice', duration: await audioDuration(file) });
  }

  return (
    <Sheet label={t('composer.noMicrophone')} onClose={onClose}>
      <h2>{t('composer.noMicrophone')}</h2>
      <p>{t('composer.noMicrophoneHint')}</p>
      <button type="button" className="wide-button" onClick={() => chooser.current?.click()}>
        {t('composer.chooseAudio')}
      </button>
      <button type="button" className="quiet-button" onClick={onClose}>
        {t('app.cancel')}
      </button>
      <input
        ref={chooser}
        hidden
        type="file"
        accept="audio/*"
        data-testid="audio-input"
        onChange={(event) => void choose(event.target.files?.[0])}
      />
    </Sheet>
  );
}
