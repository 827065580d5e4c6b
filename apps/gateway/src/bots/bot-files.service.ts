import { Injectable } from '@nestjs/common';
import { type BotSource, BotsRegistry, readSecret } from '@switchboard/service-kit';
import type { Description } from './bot.entity';

/** A bot that a file describes, as far as this process can read it. */
export interface DescribedByFile {
  readonly id: string;
  readonly revision: string;
  /** Without its secrets and the names of their variables and files. */
  readonly description: Description;
  readonly secretNames: readonly string[];
  readonly mistakes: readonly string[];
}

/** The bots of BOTS_FOLDER, which the gateway reads like every service. */
@Injectable()
export class BotFilesService {
  constructor(private readonly bots: BotsRegistry) {}

  all(): DescribedByFile[] {
    return this.bots.described().map(({ source, mistakes }) => described(source, mistakes));
  }

  find(id: string): DescribedByFile | undefined {
    return this.all().find((file) => file.id === id);
  }

  /** Those of its secrets that this process is given, too: each service has variables and files of its own. */
  secretsOf(id: string): Record<string, string> {
    const found = this.bots.described().find(({ source }) => source.id === id);
    if (!found) return {};
    return Object.fromEntries(
      described(found.source, []).secretNames.flatMap((name) => {
        const dot = name.lastIndexOf('.');
        const value = readable(found.source, name.slice(0, dot), name.slice(dot + 1));
        return value ? [[name, value]] : [];
      }),
    );
  }
}

function readable(source: BotSource, section: string, name: string): string | undefined {
  try {
    return readSecret(source, section, name);
  } catch {
    return undefined;
  }
}

function described({ id, revision, content }: BotSource, mistakes: readonly string[]): DescribedByFile {
  const names = new Set<string>();
  const description = isFields(content) ? (withoutSecrets(content, [], names) as Description) : {};
  return { id, revision, description, secretNames: [...names], mistakes };
}

const isFields = (value: unknown): value is Description =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `token`, `tokenEnv`, `apiKeyFile` → the name of the secret. */
const SECRET = /^(token|apiKey|secret|password|\w+(?:Token|ApiKey|Secret|Password)|\w+?(?=Env$|File$))(?:Env|File)?$/;

function withoutSecrets(fields: Description, path: readonly string[], names: Set<string>): unknown {
  const kept = Object.entries(fields).flatMap(([field, value]): [string, unknown][] => {
    const secret = typeof value === 'string' && SECRET.exec(field)?.[1];
    if (secret) names.add([...path, secret].join('.'));
    if (secret) return [];
    return [[field, isFields(value) ? withoutSecrets(value, [...path, field], names) : value]];
  });
  return Object.fromEntries(kept);
}
