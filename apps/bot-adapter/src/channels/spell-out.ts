import type { Block, RichText } from '../rich-text/rich-text';
import { shorten } from '../rich-text/cut-points';
import type { Button, ChoicesCapability, OutboundContent } from './channel';

/** One of several things that a person can pick. */
export interface Choice {
  readonly label: string;
  readonly data: string;
}

const isChoice = (button: Button): button is Choice => 'data' in button;

const measured = (label: string, { labelMax, unit }: ChoicesCapability) => {
  if (unit === 'utf16') return shorten(label, labelMax);
  let cut = label;
  while (Buffer.byteLength(cut) > labelMax) cut = shorten(cut, cut.length - 1);
  return cut;
};

/**
 * The labels as the channel shows them; undefined where it cannot offer them: too many, or two that look the same once they are
 * cut. Then they are numbered.
 */
export function labelsFor(labels: readonly string[], choices: ChoicesCapability): string[] | undefined {
  if (choices.how === 'none' || labels.length > choices.max) return undefined;
  const cut = labels.map((label) => measured(label, choices).trim());
  return new Set(cut).size === cut.length && !cut.includes('') ? cut : undefined;
}

/** What can be picked as the channel offers it, and the text with everything else below it written out. */
export function offerChoices(
  { text = [], buttons = [] }: OutboundContent,
  capability: ChoicesCapability,
): { text: RichText; choices: Choice[] } {
  const all = buttons.flat();
  const choices = all.filter(isChoice);
  const isWordless = text.length === 0 && capability.onlyWithText;
  const labels =
    choices.length > 0 && !isWordless
      ? labelsFor(
          choices.map(({ label }) => label),
          capability,
        )
      : undefined;
  if (!labels) return { text: spellOutButtons({ text, buttons }), choices: [] };
  const others = buttons.map((row) => row.filter((button) => !isChoice(button)));
  return {
    text: spellOutButtons({ text, buttons: others }),
    choices: choices.map(({ data }, i) => ({ label: labels[i]!, data })),
  };
}

/**
 * A text with the buttons below it written out, for channels that have none: those that can be pressed are numbered, in the
 * order in which their numbers can be typed; of others the address is given.
 */
export function spellOutButtons({ text = [], buttons = [] }: OutboundContent): RichText {
  const all = buttons.flat();
  const choices = all.filter(isChoice);
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
