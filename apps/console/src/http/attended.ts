/** How long somebody is taken to be there after they last moved. */
const THERE_FOR_MS = 60_000;

const signs = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const;

let movedAt = Date.now();
for (const sign of signs) window.addEventListener(sign, () => (movedAt = Date.now()), { capture: true, passive: true });

/** Whether somebody is at the page. Pages ask again by themselves, and that must not keep a session from ending by being idle. */
export const isAttended = (): boolean => Date.now() - movedAt < THERE_FOR_MS;
