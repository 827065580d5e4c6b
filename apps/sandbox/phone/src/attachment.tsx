import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Message } from '../../src/phone/phone.api';
import { fileUrl } from './api';
import { Icon, IconButton } from './icons';
import { Sheet } from './sheet';
import { VoicePlayer } from './voice-player';

type Shown = NonNullable<Message['file']>;

export function Attachment({ file }: { file: Shown }) {
  if (file.kind === 'photo') return <Photo file={file} />;
  if (file.kind === 'document') return <Document file={file} />;
  if (file.kind === 'sticker') return <Sticker file={file} />;
  if (file.kind === 'video' || file.kind === 'animation' || file.kind === 'video_note') return <Video file={file} />;
  return <VoicePlayer file={file} />;
}

function Photo({ file }: { file: Shown }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const [missing, setMissing] = useState(false);
  if (missing) return <p className="photo-missing">{t('message.photoMissing')}</p>;
  const url = fileUrl(file.id);
  return (
    <>
      <button type="button" className="photo" aria-label={t('message.openPhoto')} onClick={() => setOpen(true)}>
        <img src={url} alt="" width={file.width} height={file.height} onError={() => setMissing(true)} />
      </button>
      {open && (
        <Sheet kind="lightbox" label={t('kind.photo')} onClose={() => setOpen(false)}>
          <img src={url} alt={file.name ?? t('kind.photo')} onClick={() => setOpen(false)} />
          <IconButton icon="close" label={t('app.close')} onClick={() => setOpen(false)} />
        </Sheet>
      )}
    </>
  );
}

function Video({ file }: { file: Shown }) {
  const { t } = useTranslation();
  const [missing, setMissing] = useState(false);
  // What this browser cannot play can still be kept.
  if (missing) return <Document file={{ ...file, name: file.name ?? t(`kind.${file.kind}`) }} />;
  const moving = file.kind === 'animation';
  return (
    <video
      className={`video ${file.kind}`}
      src={fileUrl(file.id)}
      aria-label={t(`kind.${file.kind}`)}
      controls={!moving}
      autoPlay={moving}
      loop={moving}
      muted={moving}
      playsInline
      preload="metadata"
      onError={() => setMissing(true)}
    />
  );
}

function Sticker({ file }: { file: Shown }) {
  const { t } = useTranslation();
  const [missing, setMissing] = useState(false);
  if (missing) return <Document file={{ ...file, name: t('kind.sticker') }} />;
  return <img className="sticker" src={fileUrl(file.id)} alt={t('kind.sticker')} onError={() => setMissing(true)} />;
}

function Document({ file }: { file: Shown }) {
  const { t, i18n } = useTranslation();
  const name = file.name ?? t('kind.document');
  return (
    <a className="document" href={fileUrl(file.id)} download={name} aria-label={t('file.download', { name })}>
      <span className="document-icon">
        <Icon name="file" />
      </span>
      <span className="document-text">
        <span className="document-name">{name}</span>
        <span className="document-size">{size(i18n.language, file.bytes)}</span>
      </span>
    </a>
  );
}

function size(language: string, bytes: number): string {
  const [value, unit] =
    bytes < 1024 ? [bytes, 'byte'] : bytes < 1024 ** 2 ? [bytes / 1024, 'kilobyte'] : [bytes / 1024 ** 2, 'megabyte'];
  // Short, a byte has no plural in English.
  const unitDisplay = unit === 'byte' ? 'long' : 'short';
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay, maximumFractionDigits: 1 }).format(value);
}
