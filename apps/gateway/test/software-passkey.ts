import { isoCBOR } from '@simplewebauthn/server/helpers';
import { createHash, createSign, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';

/** Bits of `flags` in authenticator data. Source: WebAuthn Level 3, §6.1. */
const FLAGS = { present: 0x01, verified: 0x04, canBeSynced: 0x08, isSynced: 0x10, hasCredential: 0x40 };

export interface PasskeyTricks {
  /** Of the page that asks. */
  origin?: string;
  rpId?: string;
  challenge?: string;
  /** False: it was not unlocked. */
  verified?: boolean;
  counter?: number;
  userHandle?: string;
}

interface CreationOptions {
  readonly challenge: string;
  readonly rp: { readonly id: string };
  readonly user: { readonly id: string };
}
interface RequestOptions {
  readonly challenge: string;
  readonly rpId: string;
}

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest();
const base64url = (data: Uint8Array | string) => Buffer.from(data).toString('base64url');

/** A device with one passkey (ES256), as browsers have it, and as they do not. */
export class SoftwarePasskey {
  readonly id = base64url(randomBytes(16));
  /** 0 for good: it does not count. */
  counter = 0;
  private readonly key: KeyObject;
  private readonly coordinates: { x: Buffer<ArrayBuffer>; y: Buffer<ArrayBuffer> };
  private userHandle = '';

  constructor(
    private readonly origin: string,
    private readonly how: { counts?: boolean; synced?: boolean } = {},
  ) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x, y } = publicKey.export({ format: 'jwk' });
    this.key = privateKey;
    this.coordinates = { x: Buffer.from(x!, 'base64url'), y: Buffer.from(y!, 'base64url') };
  }

  /** `navigator.credentials.create()` */
  create(options: object, tricks: PasskeyTricks = {}) {
    const { challenge, rp, user } = options as CreationOptions;
    this.userHandle = user.id;
    const id = Buffer.from(this.id, 'base64url');
    const length = Buffer.from([id.length >> 8, id.length & 0xff]);
    const authData = Buffer.concat([
      this.authenticatorData(rp.id, FLAGS.hasCredential, tricks),
      ...[Buffer.alloc(16), length, id, this.publicKey()],
    ]);
    const attestation = new Map<string, unknown>([
      ['fmt', 'none'],
      ['attStmt', new Map()],
      ['authData', new Uint8Array(authData)],
    ]);
    return this.credential({
      clientDataJSON: this.clientData('webauthn.create', challenge, tricks),
      attestationObject: base64url(isoCBOR.encode(attestation as never)),
      transports: ['internal'],
    });
  }

  /** `navigator.credentials.get()` */
  get(options: object, tricks: PasskeyTricks = {}) {
    const { challenge, rpId } = options as RequestOptions;
    if (this.how.counts) this.counter += 1;
    const data = this.authenticatorData(rpId, 0, tricks);
    const clientDataJSON = this.clientData('webauthn.get', challenge, tricks);
    const signed = Buffer.concat([data, sha256(Buffer.from(clientDataJSON, 'base64url'))]);
    return this.credential({
      ...{ clientDataJSON, authenticatorData: base64url(data) },
      signature: base64url(createSign('sha256').update(signed).sign(this.key)),
      ...(this.userHandle && { userHandle: tricks.userHandle ?? this.userHandle }),
    });
  }

  private credential<Response>(response: Response) {
    const { id } = this;
    return { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response } as const;
  }

  private clientData(type: string, challenge: string, tricks: PasskeyTricks): string {
    const { origin = this.origin } = tricks;
    return base64url(JSON.stringify({ type, challenge: tricks.challenge ?? challenge, origin, crossOrigin: false }));
  }

  private authenticatorData(rpId: string, more: number, tricks: PasskeyTricks): Buffer {
    const { verified = true, counter = this.counter } = tricks;
    const synced = this.how.synced ? FLAGS.canBeSynced | FLAGS.isSynced : 0;
    const flags = FLAGS.present | (verified ? FLAGS.verified : 0) | synced | more;
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    return Buffer.concat([sha256(tricks.rpId ?? rpId), Buffer.from([flags]), count]);
  }

  /** COSE_Key of ES256. Source: RFC 9053, §7.1.1. */
  private publicKey(): Uint8Array {
    const { x, y } = this.coordinates;
    return isoCBOR.encode(
      new Map<number, number | Uint8Array<ArrayBuffer>>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, new Uint8Array(x)],
        [-3, new Uint8Array(y)],
      ]) as never,
    );
  }
}
