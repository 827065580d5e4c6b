import { z } from 'zod';
import { Instant } from './api.shapes';
import { TimeZone } from './bot';
import { defineRoute } from './define-route';

// A person's own area: whoever calls is the person whose link, devices and traffic are meant.

const ofAccess = {
  params: z.object({ accessId: z.uuid() }),
  problems: { 'vpn-provisioner.access_not_found': 404 },
};

export const ListMyUsage = defineRoute({
  ...ofAccess,
  id: 'vpn-provisioner.usage.list-mine',
  method: 'GET',
  path: '/me/vpn/{accessId}/usage',
  summary: 'How much you used, day by day.',
  permission: 'me:read',
  query: z.object({
    days: z.coerce.number<number>().int().min(1).max(92).default(30),
    zone: TimeZone.default('UTC').describe('In which days begin: an IANA name.'),
  }),
  answer: z.object({ days: z.array(z.object({ day: z.iso.date(), bytes: z.int() })) }),
});

export const ListMyDevices = defineRoute({
  ...ofAccess,
  id: 'vpn-provisioner.devices.list-mine',
  method: 'GET',
  path: '/me/vpn/{accessId}/devices',
  summary: 'Which devices have asked for your servers.',
  permission: 'me:read',
  answer: z.object({
    data: z.array(z.object({ deviceId: z.uuid(), name: z.string(), firstSeenAt: Instant, seenAt: Instant })),
    limit: z.int().nullable(),
    resetsLeft: z.int().describe('How often all of them can still be forgotten this month.'),
  }),
});

export const ForgetMyDevice = defineRoute({
  id: 'vpn-provisioner.devices.forget',
  method: 'DELETE',
  path: '/me/vpn/{accessId}/devices/{deviceId}',
  summary: 'A device no longer counts, and another may take its place.',
  permission: 'me:write',
  params: z.object({ accessId: z.uuid(), deviceId: z.uuid() }),
  problems: { ...ofAccess.problems, 'vpn-provisioner.device_not_found': 404 },
});

export const ResetMyDevices = defineRoute({
  ...ofAccess,
  id: 'vpn-provisioner.devices.reset',
  method: 'POST',
  path: '/me/vpn/{accessId}/devices/reset',
  summary: 'Forgets all devices. Those in use count again when they ask next.',
  permission: 'me:write',
  idempotent: true,
  answer: z.object({ forgotten: z.int() }),
  problems: { ...ofAccess.problems, 'vpn-provisioner.too_many_resets': 409 },
});

export const RotateMyLink = defineRoute({
  ...ofAccess,
  id: 'vpn-provisioner.links.rotate',
  method: 'POST',
  path: '/me/vpn/{accessId}/link/rotate',
  summary:
    'A new address in place of one that others may know. The old one counts no more at once, unless a while is asked for.',
  permission: 'me:write',
  idempotent: true,
  body: z.object({ overlapHours: z.int().min(0).max(72).default(0) }),
  answer: z.object({ link: z.url() }),
  problems: { ...ofAccess.problems, 'vpn-provisioner.too_many_rotations': 409 },
});
