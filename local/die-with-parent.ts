// Stops a child process when its parent ends. NodeProgram preloads this file into each child. A parent that is killed with
// -9 cannot stop its children, but the channel to each child closes.
const GRACE_MS = 10_000;

if (process.channel) {
  process.once('disconnect', () => {
    setTimeout(() => process.exit(1), GRACE_MS).unref();
    process.kill(process.pid, 'SIGTERM');
  });
  // The open channel alone must not keep a process alive that has finished.
  process.channel.unref();
}
