import { parseEnv } from 'node:util';
import { serviceNames } from '../services.mts';
import { readCompose, substitute } from './compose.mts';
import { freshKeys } from './secrets.mts';

describe('docker-compose.yml, as it is read without an engine', () => {
  const given = parseEnv(freshKeys(serviceNames(), new Date(0)));

  it('has a container for each service, with a key of its own and what all share', () => {
    const services = readCompose(given).filter(({ name }) => name !== 'sandbox');
    expect(services.map(({ name }) => name).sort()).toEqual(serviceNames());
    const keys = services.map(({ environment }) => environment['SERVICE_PRIVATE_KEY']);
    expect(new Set(keys).size).toBe(services.length);
    for (const { environment } of services) {
      expect(environment).toMatchObject({ NODE_ENV: 'production', ENCRYPTION_KEYS: given['ENCRYPTION_KEYS'] });
      expect(environment['DATABASE_URL']).toBe(
        `postgres://postgres:${given['POSTGRES_PASSWORD']}@postgres:5432/switchboard`,
      );
    }
  });

  it('passes a variable without a value on where there is one', () => {
    const environmentOf = (more: object) => readCompose({ ...given, ...more })[0]!.environment;
    expect(environmentOf({})).not.toHaveProperty('LOG_LEVEL');
    expect(environmentOf({ LOG_LEVEL: 'debug' })).toHaveProperty('LOG_LEVEL', 'debug');
  });

  it('starts the service that people write to after those that hear it', () => {
    const { dependsOn } = readCompose(given).find(({ name }) => name === 'bot-adapter')!;
    expect(dependsOn).toEqual(expect.arrayContaining(['postgres', 'rabbitmq', 'chat-ai', 'tts-worker']));
  });

  it('is refused without what it insists on, by name', () => {
    expect(() => readCompose({ ...given, LOOKUP_KEY: '' })).toThrow('docker-compose.yml insists on LOOKUP_KEY');
  });

  it.each([
    ['${A}-${B}', 'a-'],
    ['${A:-other}/${B:-other}', 'a/other'],
    ['${A:?needed}', 'a'],
  ])('reads %s as %s', (text, read) => {
    expect(substitute(text, { A: 'a' })).toBe(read);
  });
});
