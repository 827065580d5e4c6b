/**
 * Calls `stop` once, when the run is to end: Ctrl-C, a signal, or the death of the launcher (tools/run.mjs), which is seen by
 * the end of its channel. A terminal, npm and the launcher each pass a Ctrl-C on, so more of them mean nothing.
 * @param stop gets the exit code that the signal asks for
 */
export function onShutdown(stop: (exitCode: number) => void) {
  let called = false;
  const once = (exitCode: number) => () => {
    if (called) return;
    called = true;
    stop(exitCode);
  };
  process.on('SIGINT', once(130));
  process.on('SIGTERM', once(143));
  process.on('SIGHUP', once(129));
  process.on('disconnect', once(129));
  process.channel?.unref(); // listening must not keep a finished verb alive
}
