/** Two jacks and a cord: the sign of Switchboard. */
export const Logo = ({ size = 24 }: { size?: number }) => (
  <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden>
    <rect width="32" height="32" rx="9" fill="var(--accent-9)" />
    <g fill="none" stroke="#fff" strokeWidth="2.6" strokeLinecap="round">
      <circle cx="10.2" cy="10.2" r="2.9" />
      <circle cx="21.8" cy="21.8" r="2.9" />
      <path d="M10.2 13.1c0 9.4 11.6-3.6 11.6 5.8" />
    </g>
  </svg>
);
