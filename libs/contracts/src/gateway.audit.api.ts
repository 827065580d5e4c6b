import { z } from 'zod';
import { Instant, PageQuery, pageOf } from './api.shapes';
import { bytes, defineRoute } from './define-route';
import { openWord } from './open-word';
import { BotId } from './shapes';

/** `3.17`: the seventeenth of the fourth stream. */
const EntryId = z.string().regex(/^(\d|1[0-5])\.[1-9]\d{0,17}$/);
const Hash = z.string().regex(/^[0-9a-f]{64}$/);

const PartyKind = openWord(['staff', 'key', 'person', 'service', 'anonymous'], {
  id: 'gateway.AuditPartyKind',
  description: 'Who acts; anonymous: nobody had been recognised.',
});

const EntryResult = openWord(['done', 'denied', 'failed', 'begun', 'unknown'], {
  id: 'gateway.AuditEntryResult',
  description:
    'How it ended; begun: it had not when the entry was written; unknown: whoever asked had gone, or the service did not answer.',
});

const Party = z.object({
  kind: PartyKind,
  id: z.string().describe('A person is a digest: `person:…`, which nobody can trace once the person was erased.'),
});

const AuditEntry = z
  .object({
    id: EntryId.describe('Stream and number within it.'),
    at: Instant,
    actor: Party.extend({
      label: z.string().optional().describe('What they are called now: the name of staff, the label of a key.'),
      roles: z.array(z.string()).optional(),
      amr: z.array(z.string()).optional().describe('How they had proven who they are. Source: RFC 8176.'),
      address: z.string().optional().describe('A digest of the IP address: the same one is the same digest.'),
      client: z.string().optional().describe('Kind of browser or program.'),
    }),
    onBehalfOf: Party.nullable(),
    action: z.string(),
    resource: z.object({
      type: z.string(),
      id: z.string(),
      label: z.string().optional().describe('Of staff and keys: what they are called now.'),
    }),
    botId: BotId.nullable(),
    changes: z
      .array(z.looseObject({ op: z.string(), path: z.string() }))
      .nullable()
      .describe(
        'From before to after, as JSON Patch (RFC 6902); a `test` shows what was there. Of personal values digests.',
      ),
    details: z.record(z.string(), z.unknown()).nullable(),
    reason: z.string().nullable().describe('In the words of the actor.'),
    approvalId: z.string().nullable(),
    requestId: z.string().nullable(),
    result: EntryResult,
    hash: Hash.describe('SHA-256 over the hash of the entry before it and this one as canonical JSON (RFC 8785).'),
  })
  .meta({ id: 'gateway.AuditEntry' });

const Period = {
  from: Instant.optional(),
  to: Instant.optional().describe('Not itself.'),
};

const Filter = z.object({
  ...Period,
  actorKind: PartyKind.optional(),
  actorId: z.string().max(200).optional().describe('Of a person: the user id.'),
  action: z.string().max(200).optional().describe('With `*` at the end, all that begin so: `webhook-endpoints.*`.'),
  resourceType: z.string().max(100).optional(),
  resourceId: z.string().max(200).optional(),
  userId: z.uuid().optional().describe('Whatever a person did or was concerned by.'),
  botId: BotId.optional(),
  result: EntryResult.optional(),
});

export const ListAuditEntries = defineRoute({
  id: 'gateway.audit-entries.list',
  method: 'GET',
  path: '/audit/entries',
  summary: 'The audit log, the newest entry first.',
  permission: 'audit:read',
  bots: 'filtered',
  query: PageQuery.extend(Filter.shape),
  answer: pageOf(AuditEntry),
});

export const ListOwnAuditEntries = defineRoute({
  id: 'gateway.audit-entries.list-own',
  method: 'GET',
  path: '/audit/own-entries',
  summary: 'What whoever asks has done, the newest first.',
  permission: 'account:read',
  bots: 'filtered',
  query: PageQuery.extend(Filter.omit({ actorKind: true, actorId: true, userId: true }).shape),
  answer: pageOf(AuditEntry),
});

export const ReadAuditEntry = defineRoute({
  id: 'gateway.audit-entries.read',
  method: 'GET',
  path: '/audit/entries/{entryId}',
  summary: 'One entry of the audit log.',
  permission: 'audit:read',
  bots: 'filtered',
  params: z.object({ entryId: EntryId }),
  answer: AuditEntry,
  problems: { 'gateway.audit_entry_not_found': 404 },
});

const PathStep = z
  .object({ left: Hash.optional(), right: Hash.optional() })
  .describe('What stands beside the hash so far, on which side of it. Source: RFC 9162 §2.1.');

const SignedRoot = z
  .object({
    number: z.int().positive(),
    at: Instant,
    previous: Hash.describe('SHA-256 of the statement before it.'),
    root: Hash,
    keyId: z.string().describe('Thumbprint of the key (RFC 7638).'),
    signature: z.string().describe('Ed25519 over `{at, number, previous, root, v}` as canonical JSON; in base64url.'),
  })
  .meta({ id: 'gateway.AuditRoot' });

const Segment = z
  .object({
    stream: z.int(),
    from: z.int(),
    to: z.int(),
    hash: Hash.describe('Of the entry `to`.'),
    rows: Hash.describe('Root of the Merkle tree over the hashes of all entries from `from` to `to`.'),
  })
  .meta({ id: 'gateway.AuditSegment' });

const PublicKey = z.looseObject({ kty: z.string(), crv: z.string(), x: z.string() });

const Proof = z
  .object({
    record: z.record(z.string(), z.unknown()).describe('The entry as it is hashed.'),
    prevHash: Hash,
    path: z.array(PathStep).describe('From the hash of the entry to `segment.rows`.'),
    segment: Segment,
    segmentPath: z.array(PathStep).describe('From the segment as canonical JSON to `root.root`.'),
    root: SignedRoot,
    publicKey: PublicKey,
  })
  .meta({ id: 'gateway.AuditProof' });

export const ProveAuditEntry = defineRoute({
  id: 'gateway.audit-entries.prove',
  method: 'GET',
  path: '/audit/entries/{entryId}/proof',
  summary:
    'That an entry stands in the log as it did when the log was signed: for `npm run audit -- verify`, or anybody.',
  permission: 'audit:export',
  params: z.object({ entryId: EntryId }),
  answer: Proof,
  problems: { 'gateway.audit_entry_not_found': 404, 'gateway.audit_entry_unsigned': 409 },
});

const ExportQuery = z.object({
  ...Filter.omit({ to: true }).shape,
  to: Instant.describe('Not itself, and over already. The proof is asked for with the same query.'),
});

export const ExportAuditEntries = defineRoute({
  id: 'gateway.audit-exports.read',
  audit: 'with-change',
  method: 'GET',
  path: '/audit/export',
  summary: 'Signs the log, and answers the entries that fit, in the order of their streams.',
  permission: 'audit:export',
  query: ExportQuery.extend({ format: z.enum(['jsonl', 'csv']).default('jsonl') }),
  answer: bytes('application/x-ndjson'),
  problems: { 'gateway.audit_period_not_over': 400 },
  cost: 20,
});

export const ProveAuditExport = defineRoute({
  id: 'gateway.audit-exports.prove',
  audit: 'with-change',
  method: 'GET',
  path: '/audit/export/proof',
  summary: 'The proof file of an export: roots, segments, and the path of each entry, as lines of JSON.',
  permission: 'audit:export',
  query: ExportQuery,
  answer: bytes('application/x-ndjson'),
  problems: { 'gateway.audit_period_not_over': 400 },
  cost: 20,
});

const Finding = z
  .object({
    kind: z.string(),
    stream: z.int().optional(),
    seq: z.int().optional(),
    root: z.int().optional(),
    message: z.string(),
  })
  .meta({ id: 'gateway.AuditFinding' });

const Verification = z
  .object({
    id: z.uuid(),
    requestedAt: Instant,
    endedAt: Instant.nullable().describe('Null while it goes on.'),
    entries: z.int(),
    roots: z.int(),
    found: z.int().describe('What does not fit; 0: the log is whole.'),
    findings: z.array(Finding).describe('The first hundred.'),
  })
  .meta({ id: 'gateway.AuditVerification' });

export const ListAuditVerifications = defineRoute({
  id: 'gateway.audit-verifications.list',
  method: 'GET',
  path: '/audit/verifications',
  summary: 'Whether the whole log fits its hashes, its signatures and the copies of these; the newest first.',
  permission: 'audit:read',
  query: PageQuery,
  answer: pageOf(Verification),
});

export const RequestAuditVerification = defineRoute({
  id: 'gateway.audit-verifications.request',
  method: 'POST',
  path: '/audit/verifications',
  summary: 'Has the whole log verified now, as it is each night; while that goes on, answers the one that does.',
  permission: 'audit:read',
  answer: z.object({ verificationId: z.uuid() }),
  status: 202,
  idempotent: true,
  cost: 20,
});

export const ReadAuditVerification = defineRoute({
  id: 'gateway.audit-verifications.read',
  method: 'GET',
  path: '/audit/verifications/{verificationId}',
  summary: 'One verification of the log.',
  permission: 'audit:read',
  params: z.object({ verificationId: z.uuid() }),
  answer: Verification,
  problems: { 'gateway.audit_verification_not_found': 404 },
});

export const CopyAuditSignatures = defineRoute({
  id: 'gateway.audit-copies.write',
  method: 'POST',
  path: '/audit/copies',
  summary:
    'Makes copies of signatures where they are missing, as far as these fit all copies that are left and keys that are known.',
  permission: 'audit:export',
  idempotent: true,
  cost: 20,
});

export const ListAuditKeys = defineRoute({
  id: 'gateway.audit-keys.list',
  method: 'GET',
  path: '/audit/keys',
  summary:
    'The public keys by which the log was signed, as far as the configuration or a copy has them. Note them elsewhere: a proof is worth as much as the key it is held against.',
  permission: 'audit:read',
  answer: z.object({ keys: z.array(z.object({ keyId: z.string(), publicKey: PublicKey, since: Instant })) }),
});
