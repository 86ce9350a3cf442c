import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

/** What the figures were measured on; without it they say nothing. */
export function describeMachine(): string {
  const { versions, platform, arch } = process;
  const cores = availableParallelism();
  const memory = `${(totalmem() / 1_024 ** 3).toFixed(0)} GB`;
  // Anything near the number of cores: somebody else is at work, and only ratios and processor times count.
  const load = (loadavg()[0] ?? NaN).toFixed(1);
  return `Node ${versions.node}, ${platform} ${arch}, ${cores} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${memory}, load ${load} before the run`;
}
