import fc from 'fast-check';
import { FieldCipher } from './field-cipher';

const key = (id: string, byte: number) => `${id}:${Buffer.alloc(32, byte).toString('base64')}`;

describe('field encryption', () => {
  const cipher = new FieldCipher(key('k1', 1));

  it('gives back whatever it was given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(cipher.decrypt(cipher.encrypt(text, 'messages.text'), 'messages.text')).toBe(text);
      }),
    );
  });

  it('stores the same text differently each time, and never readably', () => {
    const [first, second] = [cipher.encrypt('my secret wish', 'a.b'), cipher.encrypt('my secret wish', 'a.b')];
    expect(first).not.toBe(second);
    expect(Buffer.from(first.split('.')[2]!, 'base64url').toString()).not.toContain('secret');
  });

  it('reads values of an older key, and writes with the newest', () => {
    const stored = cipher.encrypt('text', 'a.b');
    const rotated = new FieldCipher(`${key('k2', 2)},${key('k1', 1)}`);
    expect(rotated.decrypt(stored, 'a.b')).toBe('text');
    expect([cipher.isRotating, rotated.isRotating]).toEqual([false, true]);
    expect(rotated.isCurrent(stored)).toBe(false);
    expect(rotated.isCurrent(rotated.encrypt('text', 'a.b'))).toBe(true);
  });

  it('refuses a value moved to another place, changed, or of an unknown key', () => {
    const stored = cipher.encrypt('text', 'contacts.name');
    expect(() => cipher.decrypt(stored, 'messages.text')).toThrow();
    const [format, id, body] = stored.split('.');
    const flipped = Buffer.from(body!, 'base64url');
    flipped[flipped.length - 1]! ^= 1;
    expect(() => cipher.decrypt([format, id, flipped.toString('base64url')].join('.'), 'contacts.name')).toThrow();
    expect(() => new FieldCipher(key('k9', 9)).decrypt(stored, 'contacts.name')).toThrow(
      'the key "k1" is not in ENCRYPTION_KEYS',
    );
  });

  it('binds a value to its row, if one is given', () => {
    const stored = cipher.encrypt('token', 'bots.token', 'lumen');
    expect(stored).toMatch(/^r1\.k1\./);
    expect(cipher.decrypt(stored, 'bots.token', 'lumen')).toBe('token');
    expect(() => cipher.decrypt(stored, 'bots.token', 'northwind')).toThrow();
    expect(() => cipher.decrypt(stored, 'bots.token')).toThrow();
    expect(() => cipher.decrypt(cipher.encrypt('token', 'bots.token'), 'bots.token', 'lumen')).toThrow();
  });

  it('takes a value that can be had again for absent when its key is missing, and only then', () => {
    const stored = cipher.encrypt('text', 'a.b');
    expect(cipher.tryDecrypt(stored, 'a.b')).toBe('text');
    expect(new FieldCipher(key('k9', 9)).tryDecrypt(stored, 'a.b')).toBeUndefined();
    expect(() => cipher.tryDecrypt(stored, 'other.place')).toThrow();
  });

  it('refuses a tag that was cut short, which would be easier to forge', () => {
    const [format, id, body] = cipher.encrypt('', 'a.b').split('.');
    const cut = Buffer.from(body!, 'base64url')
      .subarray(0, 12 + 4)
      .toString('base64url');
    expect(() => cipher.decrypt([format, id, cut].join('.'), 'a.b')).toThrow();
  });

  it('refuses keys that are not 32 bytes', () => {
    expect(() => new FieldCipher('k1:c2hvcnQ=')).toThrow('<id>:<32 bytes in base64>');
  });
});
