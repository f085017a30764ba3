/**
 * @module
 * Which of several lanes a process of tests runs in, so that two that run side by side never reach for the same port.
 */

/** The part of something countable that is a lane's own. */
export interface Share {
  first: number;
  count: number;
}

/**
 * Gives a lane's share of a number of things, by `TEST_LANE`: `0/2` is the first of two. Without it, all are its own.
 * @throws when there is no such lane
 */
export function shareOf(total: number, lane: string | undefined = Deno.env.get("TEST_LANE")): Share {
  if (lane === undefined || lane === "") return { first: 0, count: total };
  const [index, of] = lane.split("/").map(Number);
  if (!Number.isInteger(index) || !Number.isInteger(of) || index! < 0 || index! >= of!) {
    throw new Error(`Cannot tell a lane of tests: TEST_LANE is ${lane}`);
  }
  const count = Math.floor(total / of!);
  return { first: index! * count, count };
}
