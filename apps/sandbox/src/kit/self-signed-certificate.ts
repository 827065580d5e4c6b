import 'reflect-metadata';
import { KeyObject, webcrypto } from 'node:crypto';
import { X509CertificateGenerator } from '@peculiar/x509';

/** PEM. */
export interface SelfSignedCertificate {
  readonly key: string;
  readonly cert: string;
}

const CURVE = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const YEARS = 100;

/** A certificate that nobody has signed but its own key. Another one each time, for the same name as well. */
export async function selfSignedCertificate(commonName: string): Promise<SelfSignedCertificate> {
  const keys = await webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
  const now = new Date();
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: `CN=${commonName}`,
      keys,
      notBefore: now,
      notAfter: new Date(Date.UTC(now.getUTCFullYear() + YEARS, 0)),
      signingAlgorithm: CURVE,
    },
    webcrypto,
  );
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' });
  return { key: String(key), cert: certificate.toString('pem') };
}
