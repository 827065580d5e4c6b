import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from './workspace.mts';

export interface Container {
  readonly name: string;
  /** What its image and docker-compose.yml set, with the values of an env file in place. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where its folders come from: the name of a volume, or a path, by what the container calls it. */
  readonly volumes: ReadonlyMap<string, string>;
  /** Started when these are healthy. */
  readonly dependsOn: readonly string[];
}

type Values = Readonly<Record<string, string | undefined>>;

interface ComposeFile {
  services: Record<
    string,
    {
      build?: { args: { APP: string } };
      environment?: Record<string, string | number | null>;
      volumes?: string[];
      depends_on?: Record<string, unknown>;
    }
  >;
}

/**
 * The containers of docker-compose.yml that run something of ours, as the engine would make them.
 * @param given what stands in the env file
 * @throws Error that names what the file insists on and is not given
 */
export function readCompose(given: Values): Container[] {
  const { services } = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as ComposeFile;
  return Object.entries(services).flatMap(([name, { build, environment = {}, volumes = [], depends_on = {} }]) => {
    if (!build) return [];
    const set = Object.entries(environment).flatMap(([variable, value]) => {
      // One without a value is passed on where there is one.
      const text = value === null ? given[variable] : substitute(String(value), given);
      return text === undefined ? [] : [[variable, text]];
    });
    return {
      name,
      environment: { ...imageEnvironment(build.args.APP), ...(Object.fromEntries(set) as Record<string, string>) },
      volumes: new Map(
        volumes.map((volume) => {
          const [source, target] = substitute(volume, given).split(':') as [string, string];
          return [target, source];
        }),
      ),
      dependsOn: Object.keys(depends_on),
    };
  });
}

/** `${NAME}`, `${NAME:-otherwise}` and `${NAME:?insists}`, as far as the file uses them. */
export function substitute(text: string, given: Values): string {
  return text.replace(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, operator?: string, word = '') => {
    const value = given[name];
    if (value) return value;
    if (operator === '?') throw new Error(`docker-compose.yml insists on ${name}: ${word}`);
    return operator === '-' ? word : '';
  });
}

/** What the Dockerfile sets for all apps. */
function imageEnvironment(app: string): Record<string, string> {
  const dockerfile = readFileSync(join(root, 'deploy/docker/Dockerfile'), 'utf8');
  const [, block = ''] = /^ENV ((?:.*\\\n)*.*)$/m.exec(dockerfile) ?? [];
  return Object.fromEntries(
    [...block.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name!, value!.replace('$APP', app)]),
  );
}
