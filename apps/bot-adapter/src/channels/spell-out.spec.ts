import type { ChoicesCapability } from './channel';
import { offerChoices } from './spell-out';
import { plainText } from '../rich-text/rich-text';
import { renderPlain } from '../rich-text/render-plain';

const QUICK: ChoicesCapability = { how: 'quick-replies', max: 3, labelMax: 6, unit: 'utf16', onlyWithText: true };

const offer = (labels: readonly string[], capability = QUICK, text = 'Which?') => {
  const buttons = [labels.map((label, i) => ({ label, data: `id${i}` })), [{ label: 'Site', url: 'https://x.io' }]];
  const offered = offerChoices({ ...(text && { text: plainText(text) }), buttons }, capability);
  return { text: renderPlain(offered.text), labels: offered.choices.map(({ label }) => label) };
};

describe('choices', () => {
  it('are offered as the channel has it, and links are written out', () => {
    expect(offer(['S', 'M'])).toEqual({
      text: expect.stringMatching(/^Which\?\s+Site: https:\/\/x\.io$/),
      labels: ['S', 'M'],
    });
  });

  it('are cut to the length that the channel takes, in its unit and between characters', () => {
    expect(offer(['Yellow one', 'Red']).labels).toEqual(['Yellow', 'Red']);
    expect(offer(['Зелёный', 'Red'], { ...QUICK, unit: 'bytes' }).labels).toEqual(['Зел', 'Red']);
    expect(offer(['👨‍👩‍👧 ok', 'Red'], { ...QUICK, unit: 'bytes', labelMax: 19 }).labels).toEqual(['👨‍👩‍👧', 'Red']);
  });

  it.each([
    ['too many', ['1', '2', '3', '4'], QUICK],
    ['alike once they are cut', ['Yellow one', 'Yellow two'], QUICK],
    ['of a channel that has none', ['S', 'M'], { ...QUICK, how: 'none' as const }],
  ])('are numbered when they are %s', (_why, labels, capability) => {
    const offered = offer(labels, capability);
    expect(offered.labels).toEqual([]);
    for (const [i, label] of labels.entries()) expect(offered.text).toContain(`${i + 1}. ${label}`);
  });

  it('are numbered below no text where the channel wants words with them', () => {
    expect(offer(['S', 'M'], QUICK, '')).toMatchObject({ labels: [], text: expect.stringContaining('1. S') });
  });
});
