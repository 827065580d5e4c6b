import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { canUseApt, installWithApt } from './apt.mts';
import { isExecutable } from './executable.mts';

/** A broker to use: one that runs already, a program to start one with, or the sentence that says what is missing. */
export type FoundRabbitMq = { url: string } | { server: string } | { missing: string };

const missing = 'RabbitMQ is missing: install rabbitmq-server (3.10 or newer), or give AMQP_URL of a running broker.';

/** AMQP_URL, else an installed rabbitmq-server, else one installed with apt when we are root on a Debian system. */
export async function findRabbitMq(): Promise<FoundRabbitMq> {
  const url = process.env.AMQP_URL;
  if (url) return { url };
  const present = installedServer();
  if (present) return { server: present };
  if (!canUseApt()) return { missing };
  const failure = await installWithApt(['rabbitmq-server']);
  const server = installedServer();
  return server
    ? { server }
    : { missing: `${missing} apt could not install it: ${failure ?? 'no program came of it'}` };
}

const installedServer = (): string | undefined => installedServers()[0];

/** The programs of every RabbitMQ that is installed here, a version each. */
export function installedServers(): string[] {
  // Debian's /usr/sbin/rabbitmq-server changes the user and reads /etc: the program behind it is what a private node needs.
  const debian = '/usr/lib/rabbitmq/lib';
  const versions = existsSync(debian) ? readdirSync(debian).filter((name) => name.startsWith('rabbitmq_server-')) : [];
  const behind = versions.map((version) => join(debian, version, 'sbin'));
  const elsewhere = [...(process.env.PATH ?? '').split(delimiter), '/opt/homebrew/sbin', '/usr/local/sbin'].filter(
    // With a version behind it, it is Debian's.
    (folder) => behind.length === 0 || !['/usr/sbin', '/sbin'].includes(folder),
  );
  const found = [...behind, ...elsewhere].map((folder) => join(folder, 'rabbitmq-server')).filter(isExecutable);
  // The first of those that are links to the same.
  return [...new Map(found.toReversed().map((program) => [realpathSync(program), program])).values()].toReversed();
}
