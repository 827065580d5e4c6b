// Loaded into child processes: when the launcher is killed, even with -9, its children stop by themselves.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
