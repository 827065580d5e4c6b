import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as contracts from '@switchboard/contracts';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';
import { definedApps } from './app-variables';
import { asks } from './docs/kubernetes.mts';

const root = join(__dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Record<string, string> };
  spec?: Record<string, unknown>;
}

/** Every object of the folder, by the file that it stands in. */
function manifestsIn(folder: string): { file: string; manifest: Manifest }[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml') && !name.includes('kustomization') && !name.includes('secrets'))
    .flatMap((name) => {
      const file = join(folder, name);
      return parseAllDocuments(read(file)).map((document) => ({ file, manifest: document.toJS() as Manifest }));
    });
}

/** What the compiler has against an object of the kind it says it is: fields that are missing, of another type, or unknown. */
function mistakesIn(manifests: readonly { file: string; manifest: Manifest }[]): string[] {
  const folder = mkdtempSync(join(root, 'node_modules', '.kubernetes-'));
  try {
    const files = new Map<string, string>();
    for (const [i, { file, manifest }] of manifests.entries()) {
      const path = join(folder, `manifest${i}.mts`);
      files.set(path, file);
      const module = `kubernetes-models/${manifest.apiVersion}`;
      writeFileSync(
        path,
        `import type { I${manifest.kind} } from '${module}';\nexport const it: I${manifest.kind} = ${JSON.stringify(manifest)};\n`,
      );
    }
    const program = ts.createProgram([...files.keys()], {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      types: [],
    });
    return ts
      .getPreEmitDiagnostics(program)
      .map(
        ({ file, messageText }) =>
          `${files.get(file?.fileName ?? '')}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
      );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const manifests = manifestsIn('k8s');
const ofKind = (kind: string) => manifests.map(({ manifest }) => manifest).filter((manifest) => manifest.kind === kind);

describe('the manifests of Kubernetes', () => {
  it('have the fields that Kubernetes knows, and no others', () => {
    expect(mistakesIn(manifests)).toEqual([]);
    const { manifest } = manifests.find(({ manifest: { kind } }) => kind === 'Deployment')!;
    const misspelt = { ...manifest, spec: { ...manifest.spec, replicaz: 1 } };
    expect(mistakesIn([{ file: 'misspelt', manifest: misspelt }])).toEqual([expect.stringContaining('replicaz')]);
  });

  it('run the migration of every service before it', async () => {
    const services = (await definedApps()).map(({ name }) => name);
    expect(ofKind('Job').map(({ metadata }) => metadata.name)).toEqual(services.map((name) => `${name}-migrate`));
  });

  it('run nothing as root, nothing that writes to its own disk, and nothing without a limit', () => {
    for (const { metadata, spec } of [...ofKind('Deployment'), ...ofKind('Job')]) {
      const pod = (spec as { template: { spec: Pod } }).template.spec;
      expect([metadata.name, pod.securityContext.runAsNonRoot, pod.automountServiceAccountToken]).toEqual([
        metadata.name,
        true,
        false,
      ]);
      for (const { securityContext, resources } of pod.containers) {
        expect(securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
        expect(resources.limits.memory).toBeDefined();
      }
    }
  });

  it('let services reach all whom they may ask, and nobody else', async () => {
    const services = (await definedApps()).map(({ name }) => name);
    const policy = (name: string) =>
      JSON.stringify(ofKind('NetworkPolicy').find(({ metadata }) => metadata.name === name)!.spec);
    const reaches = (from: string, to: string) => {
      const pods = `"app.kubernetes.io/name":"${to}"`;
      const egress = policy(from).split('"egress"')[1]!.includes(pods);
      const ingress = policy(to).split('"egress"')[0]!.includes(`"app.kubernetes.io/name":"${from}"}}}`);
      expect([from, to, ingress]).toEqual([from, to, egress]);
      return egress;
    };
    const reached = (from: string) => services.filter((to) => to !== from && reaches(from, to));
    expect(Object.fromEntries(services.map((from) => [from, reached(from)]))).toEqual(
      Object.fromEntries(services.map((from) => [from, services.filter((to) => to !== from && asks(from, to))])),
    );
    expect(reaches('chat-ai', 'bot-adapter')).toBe(true);
    expect(reaches('bot-adapter', 'chat-ai')).toBe(false);
    expect(reaches('analytics', 'tts-worker')).toBe(false);
  });

  it('let services reach whom they ask in their source', async () => {
    const services = (await definedApps()).map(({ name }) => name);
    const owners = new Map(
      Object.entries(contracts).flatMap(([name, value]) => {
        const route = contracts.routes.find((one) => one === value);
        return route ? [[name, contracts.serviceOf(route)]] : [];
      }),
    );
    const askedIn = (folder: string) =>
      globSync(`${folder}/src/**/*.ts`, { cwd: root })
        .filter((file) => !file.endsWith('.spec.ts'))
        .map((file) => read(file).replaceAll(/\/\*\*.*?\*\//gs, ''))
        .flatMap((source) => [...source.matchAll(/\.call\((\w+)[,)]/g)].map(([, name]) => owners.get(name!) ?? ''))
        .filter((owner) => services.includes(owner));
    const byTheKit = askedIn('libs/service-kit');
    const cutOff = services.flatMap((from) =>
      [...new Set([...askedIn(`apps/${from}`), ...byTheKit])]
        .filter((to) => to !== from && !asks(from, to))
        .map((to) => `${from} → ${to}`),
    );
    expect(cutOff).toEqual([]);
    expect([...new Set(byTheKit)].sort()).toEqual(['analytics', 'gateway']);
  });

  // In CI it has to be there.
  const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0 || process.env['CI'] === 'true';
  (hasKubectl ? it : it.skip)('are put together by kustomize, with secrets that were made for them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'switchboard-k8s-'));
    try {
      cpSync(join(root, 'k8s'), folder, { recursive: true, filter: (path) => !path.endsWith('secrets') });
      const overlay = join(folder, 'overlays/dev');
      const keys = ['tools/run.mjs', 'keys', '--kubernetes', join(overlay, 'secrets')];
      execFileSync(process.execPath, keys, { cwd: root, stdio: 'ignore' });
      const rendered = execFileSync('kubectl', ['kustomize', overlay], { encoding: 'utf8' });
      const objects = parseAllDocuments(rendered).map((document) => document.toJS() as Manifest);
      expect(objects.filter(({ kind }) => kind === 'Deployment')).toHaveLength(ofKind('Deployment').length);
      expect(mistakesIn(objects.map((manifest) => ({ file: 'rendered', manifest })))).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

interface Pod {
  securityContext: { runAsNonRoot: boolean };
  automountServiceAccountToken: boolean;
  containers: { securityContext: object; resources: { limits: { memory?: string } } }[];
}
