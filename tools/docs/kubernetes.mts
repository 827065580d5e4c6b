import { ASKS_FOR_PERSONS, isOfOnesOwn, routes, serviceOf } from '@switchboard/contracts';
import { type AppDefinition, prefixOf } from '@switchboard/service-kit';
import { stringify } from 'yaml';

/** Manifests of one service, or what all of them share; `kubectl kustomize` reads them. */
interface Manifest {
  readonly path: string;
  readonly text: string;
}

type Json = Record<string, unknown>;

const PART_OF = 'switchboard';
/** As in the image. */
const USER = 1000;
const COMMAND = [
  'node',
  '--max-semi-space-size=16',
  '--require',
  '@switchboard/service-kit/tracing',
  'dist/src/main.js',
];

/** What a service reaches of the internet besides: the gateway hands e-mail to a server. */
const FURTHER_PORTS: Readonly<Record<string, readonly number[]>> = { gateway: [465, 587] };
/** Of the collector that OTEL_EXPORTER_OTLP_ENDPOINT names, where it runs in the cluster. */
const OTLP_PORT = 4318;
/** The listener of bot-adapter for webhooks; that of the gateway is in its definition. */
const PUBLIC_PORTS: Readonly<Record<string, number>> = { 'bot-adapter': 4201 };
const MEMORY: Readonly<Record<string, string>> = { 'tts-worker': '768Mi' };
/** In percent of the limit: the rest is for what Node keeps outside of its heap. */
const HEAP_PERCENT = 70;

/** k8s/base and a component for each service. The overlays are written by hand. */
export function kubernetesFiles(services: readonly AppDefinition[]): Manifest[] {
  const names = services.map(({ name }) => name);
  return [
    file('base/kustomization.yaml', {
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      resources: ['namespace.yaml', 'addresses.yaml', 'default-deny.yaml'],
      components: names.map((name) => `../components/${name}`),
    }),
    file('base/namespace.yaml', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: PART_OF, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    }),
    file('base/addresses.yaml', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'addresses' },
      data: Object.fromEntries(services.map(({ name, port }) => [`${prefixOf(name)}_URL`, `http://${name}:${port}`])),
    }),
    file('base/default-deny.yaml', {
      ...policy('default-deny'),
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], egress: [toDns] },
    }),
    ...services.flatMap((app) => componentOf(app, services)),
  ];
}

function componentOf(app: AppDefinition, services: readonly AppDefinition[]): Manifest[] {
  const { name } = app;
  const at = (kind: string) => `components/${name}/${kind}.yaml`;
  return [
    file(at('kustomization'), {
      apiVersion: 'kustomize.config.k8s.io/v1alpha1',
      kind: 'Component',
      resources: ['migrate.yaml', 'deployment.yaml', 'service.yaml', 'service-account.yaml', 'network-policy.yaml'],
    }),
    file(at('service-account'), {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: metadata(name),
      automountServiceAccountToken: false,
    }),
    file(at('service'), {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata(name),
      spec: {
        // Not the pods of the migration, which would count as ready.
        selector: { 'app.kubernetes.io/name': name, 'switchboard/runs': 'service' },
        ports: portsOf(app).map(({ name: port }) => ({ name: port, port: numberOf(app, port), targetPort: port })),
      },
    }),
    file(at('migrate'), {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        ...metadata(`${name}-migrate`, name),
        // Before the roll-out. The services do it at their start as well, one after the other: it is an order, not a need.
        annotations: {
          'argocd.argoproj.io/hook': 'PreSync',
          'argocd.argoproj.io/hook-delete-policy': 'BeforeHookCreation',
        },
      },
      spec: {
        backoffLimit: 3,
        activeDeadlineSeconds: 900,
        ttlSecondsAfterFinished: 86_400,
        template: {
          metadata: { labels: { ...labels(name), 'switchboard/job': 'migrate' } },
          spec: podOf(app, { restartPolicy: 'Never', container: { args: [...COMMAND.slice(1), 'migrate'] } }),
        },
      },
    }),
    file(at('deployment'), {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metadata(name),
      spec: {
        replicas: 2,
        selector: { matchLabels: { 'app.kubernetes.io/name': name, 'switchboard/runs': 'service' } },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        template: {
          metadata: {
            labels: { ...labels(name), 'switchboard/runs': 'service' },
            annotations: {
              'prometheus.io/scrape': 'true',
              'prometheus.io/port': String(app.port),
              'prometheus.io/path': '/metrics',
            },
          },
          spec: podOf(app, {
            container: {
              args: COMMAND.slice(1),
              ports: portsOf(app),
              startupProbe: probe('/health/live', { periodSeconds: 3, failureThreshold: 30 }),
              readinessProbe: probe('/health/ready', { periodSeconds: 5, timeoutSeconds: 4 }),
              // Only whether the process runs: a database that is away is no reason to start it anew.
              livenessProbe: probe('/health/live', { periodSeconds: 10, timeoutSeconds: 4, failureThreshold: 6 }),
              // Until every proxy has heard that this one takes no more.
              lifecycle: { preStop: { sleep: { seconds: 5 } } },
            },
          }),
        },
      },
    }),
    file(at('network-policy'), networkPolicyOf(app, services)),
  ];
}

function podOf(app: AppDefinition, { container, ...more }: { container: Json; restartPolicy?: string }): Json {
  const { name, port } = app;
  const memory = MEMORY[name] ?? '512Mi';
  const heap = Math.floor((Number.parseInt(memory, 10) * HEAP_PERCENT) / 100);
  const prefix = prefixOf(name);
  const publicPort = publicPortOf(app);
  return {
    ...more,
    serviceAccountName: name,
    automountServiceAccountToken: false,
    // A job that is being done has 20 s to finish.
    terminationGracePeriodSeconds: 40,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      fsGroup: USER,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name,
        image: `switchboard/${name}`,
        command: COMMAND.slice(0, 1),
        ...container,
        env: [
          { name: 'NODE_OPTIONS', value: `--max-old-space-size=${heap}` },
          { name: `${prefix}_PORT`, value: String(port) },
          ...(publicPort ? [{ name: `${prefix}_PUBLIC_PORT`, value: String(publicPort) }] : []),
        ],
        envFrom: [
          { configMapRef: { name: 'addresses' } },
          { configMapRef: { name: 'settings' } },
          { secretRef: { name: 'shared' } },
          { configMapRef: { name, optional: true } },
          // With its SERVICE_PRIVATE_KEY.
          { secretRef: { name } },
        ],
        resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [
          { name: 'tmp', mountPath: '/tmp' },
          { name: 'data', mountPath: '/data' },
        ],
      },
    ],
    volumes: [
      { name: 'tmp', emptyDir: {} },
      // With MEDIA_S3_BUCKET nothing is kept here; without it files are lost with the pod.
      { name: 'data', emptyDir: {} },
    ],
  };
}

/** Along the arrows that there are: who asks whom is in the contracts. */
function networkPolicyOf(app: AppDefinition, services: readonly AppDefinition[]): Json {
  const { name } = app;
  const callers = services.filter((other) => other.name !== name && asks(other.name, name));
  const asked = services.filter((other) => other.name !== name && asks(name, other.name));
  const publicPort = publicPortOf(app);
  const ingress = [
    ...(callers.length > 0 ? [{ from: callers.map((caller) => pods(caller.name)), ports: [tcp(app.port)] }] : []),
    { from: [monitoring], ports: [tcp(app.port)] },
    ...(publicPort ? [{ ports: [tcp(publicPort)] }] : []),
  ];
  const egress = [
    toDns,
    ...asked.map((other) => ({ to: [pods(other.name)], ports: [tcp(other.port)] })),
    // Whatever runs in the cluster of these; an overlay adds addresses of those that are outside of it.
    { to: [{ podSelector: { matchLabels: { 'switchboard/data': 'postgres' } } }], ports: [tcp(5432)] },
    { to: [{ podSelector: { matchLabels: { 'switchboard/data': 'rabbitmq' } } }], ports: [tcp(5672), tcp(5671)] },
    ...(name === 'gateway'
      ? [{ to: [{ podSelector: { matchLabels: { 'switchboard/data': 'redis' } } }], ports: [tcp(6379)] }]
      : []),
    { to: [monitoring], ports: [tcp(OTLP_PORT)] },
    // Channels, models and webhooks; and of every service the bucket of its files, and whoever is told of its errors.
    {
      to: [{ ipBlock: { cidr: '0.0.0.0/0', except: PRIVATE } }],
      ports: [443, 8443, ...(FURTHER_PORTS[name] ?? [])].map(tcp),
    },
  ];
  return {
    ...policy(name, name),
    spec: {
      podSelector: { matchLabels: { 'app.kubernetes.io/name': name } },
      policyTypes: ['Ingress', 'Egress'],
      ingress,
      egress,
    },
  };
}

/** Whether there is a route of `asked` that `caller` asks; the gateway passes on requests for all that have any. */
export const asks = (caller: string, asked: string): boolean =>
  routes.some((route) => {
    const owner = serviceOf(route);
    const isIts = owner === asked || owner === 'service-kit';
    return isIts && (caller === 'gateway' || (owner === asked && mayAsk(caller, route)));
  });

const mayAsk = (caller: string, { callers, permission }: (typeof routes)[number]): boolean =>
  Boolean(callers?.includes(caller)) || (ASKS_FOR_PERSONS.includes(caller) && isOfOnesOwn(permission));

const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16'];

const monitoring = { namespaceSelector: { matchLabels: { 'switchboard/monitoring': 'true' } } };

const toDns = {
  to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }],
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
};

const policy = (name: string, service?: string): Json => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: metadata(name, service ?? null),
});

const pods = (name: string) => ({ podSelector: { matchLabels: { 'app.kubernetes.io/name': name } } });
const tcp = (port: number) => ({ protocol: 'TCP', port });

const publicPortOf = ({ name, publicPort }: AppDefinition) => publicPort ?? PUBLIC_PORTS[name];

const portsOf = (app: AppDefinition) => [
  { name: 'http', containerPort: app.port },
  ...(publicPortOf(app) ? [{ name: 'public', containerPort: publicPortOf(app)! }] : []),
];
const numberOf = (app: AppDefinition, port: string) => (port === 'public' ? publicPortOf(app)! : app.port);

const labels = (name: string) => ({ 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': PART_OF });
/** @param service whose it is; null for what belongs to none */
const metadata = (name: string, service: string | null = name) => ({
  name,
  labels: service ? labels(service) : { 'app.kubernetes.io/part-of': PART_OF },
});

const probe = (path: string, more: Json) => ({ httpGet: { path, port: 'http' }, ...more });

const file = (path: string, content: Json): Manifest => ({
  path: `k8s/${path}`,
  text: `# Written by \`npm run docs\` from what the services say of themselves; changes belong into an overlay.\n${stringify(content, { aliasDuplicateObjects: false, lineWidth: 140 })}`,
});
