import { compareFacts, type Fact } from './connection-fact';

/**
 * Facts by the Terra users that they connect: two Terra users belong together if a swap names both. The status of a
 * connection depends only on the facts of its component, so that a history of a thousand accounts need not reduce all
 * facts of the end user for each line.
 */
export class FactComponents {
  private readonly componentOf = new Map<string, Fact[]>();
  private readonly claimants = new Set<string>();

  /** @param facts in the order in which they occurred */
  constructor(facts: Fact[]) {
    const links = linksOf(facts);
    for (const start of links.keys()) {
      if (this.componentOf.has(start)) continue;
      const component: Fact[] = [];
      const open = [start];
      for (let id = open.pop(); id !== undefined; id = open.pop()) {
        if (this.componentOf.has(id)) continue;
        this.componentOf.set(id, component);
        open.push(...(links.get(id) ?? []));
      }
    }
    for (const fact of facts) {
      this.componentOf.get(fact.terraUserId)?.push(fact);
      if (fact.kind === 'swapped' && fact.oldTerraUserId === null) this.claimants.add(fact.terraUserId);
    }
  }

  /**
   * The facts that decide the status of the Terra users, in the order in which they occurred. A swap that does not name the
   * old Terra user may replace any Terra user of the connection key, so that all its facts count.
   *
   * @param members the Terra users of a connection
   * @param ofKey all Terra users of the connection's key
   */
  deciding(members: string[], ofKey: string[]): Fact[] {
    const ids = ofKey.some((id) => this.claimants.has(id)) ? ofKey : members;
    const components = [...new Set(ids.flatMap((id) => [this.componentOf.get(id) ?? []]))];
    const [only, ...others] = components;
    return others.length === 0 ? (only ?? []) : components.flat().sort(compareFacts);
  }
}

/** Each Terra user → those that a swap names together with it. */
function linksOf(facts: Fact[]): Map<string, string[]> {
  const links = new Map<string, string[]>();
  const add = (id: string, other: string | null): void => {
    const known = links.get(id) ?? [];
    if (other !== null) known.push(other);
    links.set(id, known);
  };
  for (const { terraUserId, oldTerraUserId } of facts) {
    add(terraUserId, oldTerraUserId);
    if (oldTerraUserId !== null) add(oldTerraUserId, terraUserId);
  }
  return links;
}
