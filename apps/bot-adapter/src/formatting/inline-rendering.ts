import type { MarkedToken, Token, Tokens } from 'marked';
import { EntityWriter } from './entity-writer';
import { linkTarget } from './link-target';
import { decodeReferences } from './text-cleaning';

/** Writes what stands inside one paragraph, heading, item or cell. */
export function writeInline(writer: EntityWriter, tokens: Token[]): void {
  for (const token of tokens) writeToken(writer, token as MarkedToken);
}

/** The words alone. */
export function inlineText(tokens: Token[]): string {
  const writer = new EntityWriter();
  writeInline(writer, tokens);
  return writer.text;
}

function writeToken(writer: EntityWriter, token: MarkedToken): void {
  switch (token.type) {
    case 'strong':
      return writer.marked({ type: 'bold' }, () => writeInline(writer, token.tokens));
    case 'em':
      return writer.marked({ type: 'italic' }, () => writeInline(writer, token.tokens));
    case 'del':
      return writer.marked({ type: 'strikethrough' }, () => writeInline(writer, token.tokens));
    case 'codespan':
      return writer.code(token.text);
    case 'link':
      return writeLink(writer, token);
    case 'image':
      return writeLinked(writer, token.href, token.text ? token.tokens : [{ type: 'text', raw: token.href }]);
    case 'br':
      return writer.write('\n');
    case 'escape':
      return writer.write(token.text);
    case 'checkbox':
      return; // the list writes the box in place of its bullet
    default:
      // marked has decoded a part of the references in `text`; `raw` is as typed, so that all are decoded exactly once.
      return writer.write(decodeReferences(token.raw));
  }
}

function writeLink(writer: EntityWriter, token: Tokens.Link): void {
  // Clients find bare addresses by themselves, and one entity less counts against the hundred.
  if (token.autolink) return writer.write(token.text);
  writeLinked(writer, token.href, token.tokens);
}

function writeLinked(writer: EntityWriter, href: string, label: Token[]): void {
  const target = linkTarget(href);
  if (target && 'linked' in target) {
    return writer.marked({ type: 'text_link', url: target.linked }, () => writeInline(writer, label));
  }
  writeInline(writer, label);
  if (target && !inlineText(label).includes(target.spelled)) writer.write(` (${target.spelled})`);
}
