import { Check, Copy, Download, Eye, EyeOff } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button, type ButtonProps, IconButton } from './button';
import { useKitTexts } from './kit.texts';
import './code.css';

/** Copies a text, and knows for a moment that it did. */
function useCopying(text: string) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1600);
    return () => clearTimeout(timer);
  }, [copied]);
  return { copied, copy: () => void copyText(text).then(() => setCopied(true)) };
}

function CopyIcon({ text, label }: { text: string; label?: string }) {
  const t = useKitTexts();
  const { copied, copy } = useCopying(text);
  return (
    <IconButton
      size="small"
      label={copied ? t.copied : (label ?? t.copy)}
      icon={copied ? <Check /> : <Copy />}
      onPress={copy}
    />
  );
}

/** For a text that is there to be copied; what is copied in passing has an icon, as in `CodeLine`. */
export function CopyButton({ text, children, ...looks }: Omit<ButtonProps, 'onPress' | 'icon'> & { text: string }) {
  const t = useKitTexts();
  const { copied, copy } = useCopying(text);
  return (
    <Button {...looks} icon={copied ? <Check /> : <Copy />} onPress={copy}>
      {copied ? t.copied : (children ?? t.copy)}
    </Button>
  );
}

/** An id or an address in a line, with a button that copies it. */
export const CodeLine = ({ text, label }: { text: string; label?: string }) => (
  <span className="ui-code-line">
    <code>{text}</code>
    <CopyIcon text={text} label={label} />
  </span>
);

/** Lines of code or JSON. */
export function CodeBlock({ text, label, maxHeight = 360 }: { text: string; label: string; maxHeight?: number }) {
  return (
    <div className="ui-code-block">
      {/* It scrolls, so that the keyboard has to reach it. */}
      <pre tabIndex={0} role="group" aria-label={label} style={{ maxHeight }}>
        <code>{text}</code>
      </pre>
      <CopyIcon text={text} />
    </div>
  );
}

/**
 * A secret that is shown once: hidden until it is asked for, to be copied or kept as a file.
 * @param fileName of the download; none without it
 */
export function SecretField({ label, secret, fileName }: { label: string; secret: string; fileName?: string }) {
  const t = useKitTexts();
  const [shown, setShown] = useState(false);
  return (
    <div className="ui-field">
      <span className="ui-label">{label}</span>
      <div className="ui-secret" role="group" aria-label={label}>
        <code>{shown ? secret : '•'.repeat(Math.min(secret.length, 28))}</code>
        <IconButton
          size="small"
          label={shown ? t.hide : t.show}
          icon={shown ? <EyeOff /> : <Eye />}
          onPress={() => setShown(!shown)}
        />
        <CopyIcon text={secret} />
        {fileName && (
          <IconButton
            size="small"
            label={t.download}
            icon={<Download />}
            onPress={() => saveAs(fileName, new Blob([`${secret}\n`], { type: 'text/plain' }))}
          />
        )}
      </div>
    </div>
  );
}

/** Hands a file to the person. */
export function saveAs(fileName: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function copyText(text: string): Promise<void> {
  // Plain http has no clipboard, and an installation in a private network may have no https; a frame may be forbidden to write to it.
  await (navigator.clipboard?.writeText(text) ?? Promise.reject(new Error('no clipboard'))).catch(() =>
    copyAsOfOld(text),
  );
}

function copyAsOfOld(text: string): void {
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}
