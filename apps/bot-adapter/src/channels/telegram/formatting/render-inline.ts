import type { Inline, Link } from '../../../rich-text/rich-text';
import { EntityWriter } from './entity-writer';
import { linkTarget } from './link-target';

/** Writes what stands inside one paragraph, heading, item or cell. */
export function writeInline(writer: EntityWriter, children: readonly Inline[]): void {
  for (const child of children) writeOne(writer, child);
}

/** The words as they will be shown, without their looks. */
export function inlineText(children: readonly Inline[]): string {
  const writer = new EntityWriter();
  writeInline(writer, children);
  return writer.text;
}

const MARKS = { strong: 'bold', emphasis: 'italic', strikethrough: 'strikethrough' } as const;

function writeOne(writer: EntityWriter, child: Inline): void {
  switch (child.type) {
    case 'text':
      return writer.write(child.text);
    case 'code':
      return writer.code(child.text);
    case 'break':
      return writer.write('\n');
    case 'link':
      return writeLink(writer, child);
    default:
      return writer.marked({ type: MARKS[child.type] }, () => writeInline(writer, child.children));
  }
}

function writeLink(writer: EntityWriter, { href, kind, children }: Link): void {
  // Clients find bare addresses by themselves, and one entity less counts against the hundred.
  if (kind === 'bare') return writeInline(writer, children);
  const label: readonly Inline[] =
    children.length > 0 ? children : kind === 'image' ? [{ type: 'text', text: href }] : [];
  const target = linkTarget(href);
  if (target && 'linked' in target) {
    return writer.marked({ type: 'text_link', url: target.linked }, () => writeInline(writer, label));
  }
  writeInline(writer, label);
  if (target && !inlineText(label).includes(target.spelled)) writer.write(` (${target.spelled})`);
}
