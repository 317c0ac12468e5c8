const GOLDEN_RATIO = 0.618033988749895;

/**
 * A place in [0, 1) for each number 0, 1, 2, ...: however many there are they lie about evenly, so that what each of
 * many peers does in turns is not done by all at once.
 */
export function spread(number: number): number {
  return (number * GOLDEN_RATIO) % 1;
}
