import { type Change, diffLines, diffWordsWithSpace } from 'diff';
import { Fragment, type ReactNode, useMemo, useState } from 'react';
import { useKitTexts } from './kit.texts';
import './diff.css';

interface Line {
  kind: 'same' | 'added' | 'removed';
  parts: readonly { text: string; changed?: boolean }[];
  before?: number;
  after?: number;
}

/** Lines around a change that are shown with it. */
const CONTEXT = 3;

/** Two texts, line by line, with the words that differ; long parts that are the same are folded. */
export function Diff({ label, before, after }: { label: string; before: string; after: string }) {
  const t = useKitTexts();
  const blocks = useMemo(() => foldSame(linesOf(before, after)), [before, after]);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  if (before === after) return <p className="ui-diff-same">{t.diff.same}</p>;
  return (
    <div className="ui-diff" role="group" aria-label={label} tabIndex={0}>
      <table role="presentation">
        <colgroup>
          <col />
          <col />
          <col />
        </colgroup>
        <tbody>
          {blocks.map((block, i) =>
            block.folded && !open.has(i) ? (
              <tr key={i} className="ui-diff-fold">
                <td colSpan={3}>
                  <button type="button" onClick={() => setOpen(new Set(open).add(i))}>
                    {t.diff.unchanged(block.lines.length)}
                  </button>
                </td>
              </tr>
            ) : (
              <Fragment key={i}>
                {block.lines.map((line, j) => (
                  <DiffLine key={j} line={line}>
                    {line.kind !== 'same' && (
                      <span className="visually-hidden">{line.kind === 'added' ? t.diff.added : t.diff.removed}: </span>
                    )}
                  </DiffLine>
                ))}
              </Fragment>
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}

const DiffLine = ({ line: { kind, before, after, parts }, children }: { line: Line; children: ReactNode }) => (
  <tr data-kind={kind}>
    <td className="ui-diff-number">{before}</td>
    <td className="ui-diff-number">{after}</td>
    <td className="ui-diff-text">
      {children}
      {parts.map(({ text, changed }, i) =>
        changed ? <mark key={i}>{text}</mark> : <Fragment key={i}>{text}</Fragment>,
      )}
    </td>
  </tr>
);

function linesOf(before: string, after: string): Line[] {
  const lines: Line[] = [];
  let [old, now] = [1, 1];
  // A last line without an end would differ from the same line with one.
  const changes = diffLines(`${before}\n`, `${after}\n`);
  for (let i = 0; i < changes.length; i++) {
    const change = changes[i]!;
    if (!change.added && !change.removed) {
      for (const text of split(change.value))
        lines.push({ kind: 'same', parts: [{ text }], before: old++, after: now++ });
      continue;
    }
    const next = changes[i + 1];
    const isReplaced = change.removed && next?.added;
    const [removed, added] = isReplaced
      ? changedWords(change, next)
      : [change.removed ? plain(change) : [], change.added ? plain(change) : []];
    if (isReplaced) i++;
    for (const parts of removed) lines.push({ kind: 'removed', parts, before: old++ });
    for (const parts of added) lines.push({ kind: 'added', parts, after: now++ });
  }
  return lines;
}

type Parts = Line['parts'];

const split = (text: string): string[] => text.replace(/\n$/, '').split('\n');
const plain = ({ value }: Change): Parts[] => split(value).map((text) => [{ text }]);

/** Lines that took each other's place one by one: which of their words did. */
function changedWords(removed: Change, added: Change): [removed: Parts[], added: Parts[]] {
  const [old, now] = [split(removed.value), split(added.value)];
  if (old.length !== now.length) return [plain(removed), plain(added)];
  const words = old.map((text, i) => diffWordsWithSpace(text, now[i]!));
  const side = (leftOut: 'added' | 'removed') =>
    words.map((line) =>
      line.filter((part) => !part[leftOut]).map((part) => ({ text: part.value, changed: part.added || part.removed })),
    );
  return [side('added'), side('removed')];
}

function foldSame(lines: readonly Line[]): { folded: boolean; lines: readonly Line[] }[] {
  const isNear = lines.map((_, i) =>
    lines.slice(Math.max(0, i - CONTEXT), i + CONTEXT + 1).some(({ kind }) => kind !== 'same'),
  );
  const blocks: { folded: boolean; lines: Line[] }[] = [];
  lines.forEach((line, i) => {
    const folded = !isNear[i];
    const last = blocks.at(-1);
    if (last?.folded === folded) last.lines.push(line);
    else blocks.push({ folded, lines: [line] });
  });
  return blocks;
}
