import { z } from 'zod';
import { startSandbox } from './sandbox';

const Bots = z.array(z.object({ token: z.string(), username: z.string().optional(), name: z.string().optional() }));

const Env = z.object({
  SANDBOX_HOST: z.string().default('127.0.0.1'),
  SANDBOX_PORT: z.coerce.number().int().min(0).max(65_535).default(4500),
  SANDBOX_SMTP_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  SANDBOX_OUTLINE_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  /** As browsers reach it, where that is not how services do. */
  SANDBOX_PUBLIC_URL: z.url().optional(),
  SANDBOX_DATA: z.string().min(1).optional(),
  /** A JSON list of bots that shall be there from the start. */
  SANDBOX_BOTS: z
    .string()
    .default('[]')
    .transform((source, ctx) => {
      try {
        return JSON.parse(source) as unknown;
      } catch {
        ctx.addIssue({ code: 'custom', message: 'SANDBOX_BOTS is no JSON' });
        return z.NEVER;
      }
    })
    .pipe(Bots),
  /** What is let in although it is unknown. */
  SANDBOX_ACCEPT: z
    .string()
    .default('')
    .transform((source) =>
      source
        .split(',')
        .map((word) => word.trim())
        .filter(Boolean),
    )
    .pipe(z.array(z.enum(['tokens', 'models', 'keys']))),
});

async function main(): Promise<void> {
  const { data: env, error } = Env.safeParse(process.env);
  if (error) throw new Error(z.prettifyError(error));
  const sandbox = await startSandbox({
    host: env.SANDBOX_HOST,
    port: env.SANDBOX_PORT,
    data: env.SANDBOX_DATA,
    telegram: {
      bots: env.SANDBOX_BOTS,
      acceptAnyToken: env.SANDBOX_ACCEPT.includes('tokens'),
      ...(env.SANDBOX_PUBLIC_URL && { publicUrl: env.SANDBOX_PUBLIC_URL }),
    },
    'telegram-login': { ...(env.SANDBOX_PUBLIC_URL && { publicUrl: env.SANDBOX_PUBLIC_URL }) },
    openid: { ...(env.SANDBOX_PUBLIC_URL && { publicUrl: env.SANDBOX_PUBLIC_URL }) },
    yookassa: {
      acceptAnyShop: env.SANDBOX_ACCEPT.includes('keys'),
      ...(env.SANDBOX_PUBLIC_URL && { publicUrl: env.SANDBOX_PUBLIC_URL }),
    },
    cloudpayments: {
      acceptAnyTerminal: env.SANDBOX_ACCEPT.includes('keys'),
      ...(env.SANDBOX_PUBLIC_URL && { publicUrl: env.SANDBOX_PUBLIC_URL }),
    },
    stripe: {
      acceptAnyKey: env.SANDBOX_ACCEPT.includes('keys'),
      ...(env.SANDBOX_PUBLIC_URL && { publicUrl: env.SANDBOX_PUBLIC_URL }),
    },
    wata: {
      acceptAnyToken: env.SANDBOX_ACCEPT.includes('keys'),
      ...(env.SANDBOX_PUBLIC_URL && { publicUrl: env.SANDBOX_PUBLIC_URL }),
    },
    cryptobot: {
      acceptAnyToken: env.SANDBOX_ACCEPT.includes('keys'),
      ...(env.SANDBOX_PUBLIC_URL && { publicUrl: env.SANDBOX_PUBLIC_URL }),
    },
    mailbox: { smtpPort: env.SANDBOX_SMTP_PORT },
    outline: { servers: [{ name: 'helsinki', port: env.SANDBOX_OUTLINE_PORT }] },
    openai: {
      acceptAnyModel: env.SANDBOX_ACCEPT.includes('models'),
      acceptAnyKey: env.SANDBOX_ACCEPT.includes('keys'),
    },
  });
  console.log(JSON.stringify({ sandbox: 'ready', url: sandbox.url }));
  const stop = () => void sandbox.close().then(() => process.exit(0));
  process.once('SIGTERM', stop).once('SIGINT', stop);
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
