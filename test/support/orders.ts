import { SeededRandom } from './seeded-random';

/** Every order of the numbers from 0 to `length - 1`, sorted: orders with the same first numbers follow each other. */
export function everyOrder(length: number): number[][] {
  return ordersOf([...Array(length).keys()]);
}

/** Random orders of the numbers from 0 to `length - 1`; the same seed gives the same orders. */
export function randomOrders(length: number, count: number, seed: number): number[][] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => shuffled(length, random));
}

function ordersOf(numbers: number[]): number[][] {
  if (numbers.length <= 1) return [numbers];
  return numbers.flatMap((first, place) =>
    ordersOf(numbers.toSpliced(place, 1)).map((rest) => [first, ...rest]),
  );
}

function shuffled(length: number, random: SeededRandom): number[] {
  const order = [...Array(length).keys()];
  for (let last = length - 1; last > 0; last -= 1) {
    const chosen = random.below(last + 1);
    [order[last], order[chosen]] = [order[chosen] as number, order[last] as number];
  }
  return order;
}
