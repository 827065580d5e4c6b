import { type ChatAiKnowledgeDocument, chatAiKnowledgePassagesListOptions } from '@switchboard/api-client';
import {
  Button,
  Dialog,
  DialogBody,
  Facts,
  Link,
  Moment,
  ProblemState,
  Row,
  SkeletonLines,
  useFormats,
  useKitTexts,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { documentName, DocumentState } from './document-state';
import { StaffName } from '../staff-names/staff-names';
import { useKnowledgeTexts } from './knowledge.texts';

/** What was read of a document, piece by piece, as it is searched and shown to models. */
export function DocumentDialog({
  botId,
  document,
  onClose,
}: {
  botId: string;
  document: ChatAiKnowledgeDocument;
  onClose: () => void;
}) {
  const t = useKnowledgeTexts();
  const kit = useKitTexts();
  const formats = useFormats();
  const [after, setAfter] = useState<string>();
  const { data, error } = useQuery(
    chatAiKnowledgePassagesListOptions({ path: { botId, documentId: document.id }, query: { after, limit: 25 } }),
  );
  const { origin, page, file, problem, notes, loadedAt, changedBy } = document;
  return (
    <Dialog look="side" width="wide" title={documentName(document)} isOpen onOpenChange={(open) => !open && onClose()}>
      <DialogBody>
        <Facts
          facts={[
            [t.documents.state, <DocumentState key="state" document={document} />],
            [t.documents.origin, t.documents.origins[origin]],
            [
              t.page.url,
              page && (
                <Link key="url" href={page.url} target="_blank" rel="noreferrer noopener">
                  {page.url}
                </Link>
              ),
            ],
            [
              t.documents.every,
              page && (page.everyHours === null ? t.documents.onDemand : t.documents.everyHours(page.everyHours)),
            ],
            [t.documents.next, page?.nextReadAt && <Moment key="next" at={page.nextReadAt} />],
            [kit.download, file && formats.bytes(file.bytes)],
            [t.documents.loaded, loadedAt && <Moment key="loaded" at={loadedAt} />],
            [t.faq.by, changedBy && <StaffName key="by" id={changedBy} />],
            [
              t.documents.problem,
              problem && (
                <span key="p" className="document-remark">
                  {problem.message}
                </span>
              ),
            ],
            [
              t.documents.notes,
              notes.length > 0 && (
                <span key="n" className="document-remark">
                  {notes.map(({ message }) => message).join(' ')}
                </span>
              ),
            ],
          ]}
        />
        {error && <ProblemState error={error} />}
        {!data && !error && <SkeletonLines lines={6} label={kit.loading} />}
        {data && (
          <ul className="passages" aria-label={t.documents.passages}>
            {data.data.map(({ id, heading, text, suspicious }) => (
              <li key={id}>
                {heading && (
                  <header>
                    <b>{heading}</b>
                  </header>
                )}
                <p>{text}</p>
                {suspicious && (
                  <span className="ui-row document-remark">
                    <TriangleAlert size={14} aria-hidden /> {t.documents.suspicious}
                  </span>
                )}
              </li>
            ))}
          </ul>
        )}
        {data && (data.page.next !== null || data.page.prev !== null) && (
          <Row>
            <Button size="small" isDisabled={!data.page.prev} onPress={() => setAfter(data.page.prev ?? undefined)}>
              {kit.table.newer}
            </Button>
            <Button size="small" isDisabled={!data.page.next} onPress={() => setAfter(data.page.next ?? undefined)}>
              {kit.table.older}
            </Button>
          </Row>
        )}
      </DialogBody>
    </Dialog>
  );
}
