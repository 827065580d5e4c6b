import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { NewFile } from './api';
import { Icon } from './icons';
import { Sheet } from './sheet';

/** What Telegram takes as a photo: these kinds, up to 10 MB; anything else goes as a file. */
const photoTypes = ['image/jpeg', 'image/png', 'image/webp', 'image/gif'];
const photoBytes = 10 * 1024 * 1024;

const canBePhoto = (file: File) => photoTypes.includes(file.type) && file.size <= photoBytes;

/** A last look at the chosen files, with a caption for the first. */
export function FileSheet({
  files,
  onSend,
  onClose,
}: {
  files: File[];
  onSend: (files: NewFile[]) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const [caption, setCaption] = useState('');
  const [asFile, setAsFile] = useState(false);

  const send = () => {
    onClose();
    onSend(
      files.map((file, i) => ({
        blob: file,
        name: file.name,
        kind: canBePhoto(file) && !asFile ? 'photo' : 'document',
        caption: i === 0 ? caption.trim() : undefined,
      })),
    );
  };

  return (
    <Sheet label={t('file.send')} onClose={onClose}>
      <form
        className="file-sheet"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <h2>{t('file.send')}</h2>
        <ul className="file-list">
          {files.map((file, i) => (
            <li key={i}>
              <Preview file={file} asPhoto={canBePhoto(file) && !asFile} />
            </li>
          ))}
        </ul>
        <input
          className="field"
          value={caption}
          maxLength={1024}
          placeholder={t('file.caption')}
          aria-label={t('file.caption')}
          autoFocus
          onChange={(event) => setCaption(event.target.value)}
        />
        {files.some(canBePhoto) && (
          <label className="tick">
            <input type="checkbox" checked={asFile} onChange={(event) => setAsFile(event.target.checked)} />
            {t('file.asFile')}
          </label>
        )}
        <button type="submit" className="wide-button" data-testid="send-file">
          {t('composer.send')}
        </button>
        <button type="button" className="quiet-button" onClick={onClose}>
          {t('app.cancel')}
        </button>
      </form>
    </Sheet>
  );
}

function Preview({ file, asPhoto }: { file: File; asPhoto: boolean }) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  if (asPhoto) return <img src={url} alt={file.name} />;
  return (
    <span className="document">
      <span className="document-icon">
        <Icon name="file" />
      </span>
      <span className="document-name">{file.name}</span>
    </span>
  );
}
