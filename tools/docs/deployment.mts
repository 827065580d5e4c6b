import type { AppDefinition } from '@switchboard/service-kit';
import { prefixOf, variablesOf } from '@switchboard/service-kit';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SandboxBot } from '../local/bots.mts';
import { root } from '../local/workspace.mts';

/** What a service needs in docker-compose.yml besides what all of them need. */
const FURTHER: Record<string, string> = {
  'bot-adapter': `    # People come in here. On an empty broker those who hear them must have declared their queues before.
    depends_on:
      postgres: { condition: service_healthy }
      rabbitmq: { condition: service_healthy }
      chat-ai: { condition: service_healthy }
      tts-worker: { condition: service_healthy }
    # For the reverse proxy that brings webhooks; not needed with long polling. Nothing private is served here. A range, so that
    # each replica finds a port.
    ports: ['127.0.0.1:4201-4209:4201']
`,
  gateway: `    # The console and the API, for a reverse proxy with TLS in front.
    ports: ['127.0.0.1:4080-4089:4080']
`,
};

/** Variables that a container always has; the others are passed on when they are set. */
const VALUES: Record<string, string> = { BOT_ADAPTER_PUBLIC_PORT: '4201', GATEWAY_PUBLIC_PORT: '4080' };

/** docker-compose.yml with its generated parts written anew; the rest of it is written by hand. */
export function composeFile(services: readonly AppDefinition[]): string {
  return withParts('docker-compose.yml', {
    addresses: services.map(addressOf).join(''),
    services: services.map(serviceOf).join('\n'),
    volumes: services.map(({ name }) => `  ${name}:\n`).join(''),
  });
}

/** The same of the variables with which the demo runs on played third parties: the sandbox has to know its bots. */
export function sandboxEnv(bots: readonly SandboxBot[]): string {
  const known = bots.map(({ token, username, name }) => ({ token, username, name }));
  return withParts('deploy/docker/sandbox.env', { bots: `SANDBOX_BOTS='${JSON.stringify(known)}'\n` });
}

/** The same of Prometheus' configuration. A service's name stands for all of its replicas. */
export function prometheusFile(services: readonly AppDefinition[]): string {
  const targets = services.map(({ name, port }) => `      - { names: [${name}], type: A, port: ${port} }\n`);
  return withParts('deploy/prometheus/prometheus.yml', { services: targets.join('') });
}

/** Ports by service, for what runs in an image and has no other way to know them. */
export const servicePorts = (services: readonly AppDefinition[]): string =>
  JSON.stringify(Object.fromEntries(services.map(({ name, port }) => [name, port])));

const addressOf = ({ name, port }: AppDefinition) => `  ${prefixOf(name)}_URL: http://${name}:${port}\n`;

function serviceOf(app: AppDefinition): string {
  const prefix = prefixOf(app.name);
  const variables = Object.keys(variablesOf(app).shape).filter((variable) => variable !== `${prefix}_PORT`);
  return `  ${app.name}:
    <<: *service
    image: switchboard/${app.name}
    build: { context: ., dockerfile: deploy/docker/Dockerfile, args: { APP: ${app.name} } }
    environment:
      <<: *shared
      SERVICE_PRIVATE_KEY: \${${prefix}_PRIVATE_KEY:?see .env.example}
      ${prefix}_PORT: ${app.port}
${variables.map((variable) => `      ${variable}: ${VALUES[variable] ?? ''}`.trimEnd() + '\n').join('')}    volumes:
      - ${app.name}:/data
      - backups:/backups
      - \${CONFIG_FOLDER:-./deploy/demo}:/config:ro
${FURTHER[app.name] ?? ''}`;
}

/** A part stands between the two lines "# generated: <part>" and "# end of <part>". */
function withParts(file: string, parts: Record<string, string>): string {
  let text = readFileSync(join(root, file), 'utf8');
  for (const [part, content] of Object.entries(parts)) {
    const marks = new RegExp(`( *# generated: ${part}[^\\n]*\\n)[\\s\\S]*?( *# end of ${part}\\n)`);
    if (!marks.test(text)) throw new Error(`${file} has no part "${part}" to be generated`);
    text = text.replace(marks, (_all, begin: string, end: string) => begin + content + end);
  }
  return text;
}
