import { BlindIndex } from './blind-index';

const key = (byte: number) => Buffer.alloc(32, byte).toString('base64');
const hash = (index: BlindIndex, kind = 'external-id') => index.hash(kind, 'telegram', '42');

describe('the hash by which something encrypted is found', () => {
  it('is the same in every process, and does not change between releases', () => {
    expect(hash(new BlindIndex(key(1), 'shop'))).toBe(
      'dc1d30efffe98ce57900f26837d14c88c95bc8573ed529cff9b1f2fef8cca158',
    );
  });

  it('is another one in another service, with another key, for another value and of another kind', () => {
    const index = new BlindIndex(key(1), 'shop');
    const hashes = [
      hash(index),
      hash(index, 'audio'),
      index.hash('external-id', 'telegram', '43'),
      hash(new BlindIndex(key(1), 'diary')),
      hash(new BlindIndex(key(2), 'shop')),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('needs a whole key', () => {
    expect(() => new BlindIndex('dG9vIHNob3J0', 'shop')).toThrow('LOOKUP_KEY: 32 bytes in base64');
  });
});
