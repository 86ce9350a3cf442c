/**
 * Whether a value has more than `levels` levels of objects and lists. JSON.parse reads any depth, but JSON.stringify and
 * class-transformer overflow the stack on a deep value.
 */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeperThan(member, levels - 1));
}
