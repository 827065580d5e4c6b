import { Upload } from 'lucide-react';
import type { ReactNode } from 'react';
import { DropZone, FileTrigger, Text } from 'react-aria-components';
import { Button } from './button';
import './file-drop.css';

/** Where files are dropped, or chosen by its button. */
export function FileDrop({
  label,
  about,
  button,
  accepts,
  multiple,
  onFiles,
}: {
  label: ReactNode;
  about?: ReactNode;
  button: string;
  /** Media types and endings: `.pdf`. */
  accepts?: readonly string[];
  multiple?: boolean;
  onFiles: (files: readonly File[]) => void;
}) {
  return (
    <DropZone
      className="ui-drop"
      getDropOperation={() => 'copy'}
      onDrop={({ items }) =>
        void Promise.all(items.flatMap((item) => (item.kind === 'file' ? [item.getFile()] : []))).then(
          (files) => files.length > 0 && onFiles(multiple ? files : files.slice(0, 1)),
        )
      }
    >
      <Upload aria-hidden />
      <Text slot="label">{label}</Text>
      {about && <span className="ui-hint">{about}</span>}
      <FileTrigger
        acceptedFileTypes={accepts}
        allowsMultiple={multiple}
        onSelect={(files) => files && files.length > 0 && onFiles([...files])}
      >
        <Button size="small">{button}</Button>
      </FileTrigger>
    </DropZone>
  );
}
