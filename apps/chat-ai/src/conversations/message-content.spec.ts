import { renderForModel } from './message-content';

const content = { text: 'Really?', transcript: null, quoted: null, senderName: null };
const family = '👨‍👩‍👧‍👦';

describe('what a model reads of a message', () => {
  it('a long quotation is cut between characters, as people see them', () => {
    const quoted = `${'a'.repeat(495)}${family}${'b'.repeat(500)}`;
    expect(renderForModel({ ...content, quoted })).toBe(`> ${'a'.repeat(495)}\n\nReally?`);
  });

  it('a quotation that is one endless character is well-formed all the same', () => {
    const rendered = renderForModel({ ...content, quoted: `🚲${'\u0301'.repeat(600)}` });
    expect(rendered.isWellFormed()).toBe(true);
    expect(rendered).toMatch(/^> 🚲/);
  });

  it('the words of a voice message follow its caption', () => {
    const voice = { ...content, text: 'About the bicycle', transcript: 'Do you hear me?', senderName: 'Anna' };
    expect(renderForModel(voice)).toBe('Anna: About the bicycle\n\nDo you hear me?');
    expect(renderForModel({ ...voice, text: '', senderName: null })).toBe('Do you hear me?');
  });
});
