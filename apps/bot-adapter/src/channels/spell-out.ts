import type { Block, RichText } from '../rich-text/rich-text';
import type { OutboundContent } from './channel';

/**
 * A text with the buttons below it written out, for channels that have none: those that can be pressed are numbered, in the
 * order in which their numbers can be typed; of others the address is given.
 */
export function spellOutButtons({ text = [], buttons = [] }: OutboundContent): RichText {
  const all = buttons.flat();
  const choices = all.filter((button) => 'data' in button);
  const line = (words: string): Block => ({ type: 'paragraph', children: [{ type: 'text', text: words }] });
  const links = all.flatMap((button) => {
    if ('url' in button) return line(`${button.label}: ${button.url}`);
    return 'webApp' in button ? line(`${button.label}: ${button.webApp}`) : [];
  });
  const numbered: Block[] =
    choices.length > 0
      ? [{ type: 'list', start: 1, items: choices.map(({ label }) => ({ children: [line(label)] })) }]
      : [];
  return [...text, ...numbered, ...links];
}
