/** As panels of VPN servers count them. */
export const GIGABYTE = 1024 ** 3;

/** Those that services ask for, with how much of what they count one unit of a form is; a spec holds them against the contracts. */
export const knownFeatures: Readonly<Record<string, number>> = {
  'vpn.traffic-bytes': GIGABYTE,
  'vpn.fair-use-bytes-per-day': GIGABYTE,
  'vpn.devices': 1,
  'vpn.servers': 1,
  'chat.micros-per-day': 1e6,
  'wellness.practices-per-day': 1,
};
