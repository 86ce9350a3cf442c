import { availableParallelism, cpus, totalmem } from 'node:os';

/** What the figures were measured on; without it they say nothing. */
export function describeMachine(): string {
  const { versions, platform, arch } = process;
  const cores = availableParallelism();
  const memory = `${(totalmem() / 1_024 ** 3).toFixed(0)} GB`;
  return `Node ${versions.node}, ${platform} ${arch}, ${cores} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${memory}`;
}
