// Loaded into the service before its own code. A launcher that is killed with -9 stops nothing itself, but the channel
// between the two closes.
const GRACE_MS = 10_000;

if (process.channel) {
  process.once('disconnect', () => {
    setTimeout(() => process.exit(1), GRACE_MS).unref();
    process.kill(process.pid, 'SIGTERM');
  });
  // The channel alone must not keep a service alive that has ended its work.
  process.channel.unref();
}
