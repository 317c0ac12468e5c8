/** To go up takes so much of the new rung more than it needs: its bits are not the same at each moment. */
const RUNG_MARGIN = 0.1;
/** And so much of the budget, where that is more: nor is that, however small the step. */
const BUDGET_MARGIN = 0.05;

/** What is to be over behind a step up to a rung, else the next small fall would take it away again. Bits per second. */
export function riseMargin(rungCost: number, budget: number): number {
  return Math.max(rungCost * RUNG_MARGIN, budget * BUDGET_MARGIN);
}

/** What is left for the steps to come. */
interface Round {
  readonly budget: number;
  left: number;
}

/** One track on its way up. */
export interface Climb {
  /** Bits per second of each rung, rising. */
  costs: number[];
  /** Higher ones go before lower ones. */
  rank: number;
  /** The rung up to which it goes before any other has its first; -1 for none. */
  stage: number;
  /** Where it is at present; -1 where it is not sent. Up to there it needs no margin and waits for nothing. */
  present: number;
  /** Its first rung stays for the moment, whether it fits or not, and has its room before all others. */
  isKept: boolean;
  /** It stays at what it has, or below. */
  isHeld: boolean;
  /** The same, but that it may have its first rung. */
  staysAtFloor: boolean;
  /** Result: the rung that it gets; -1 for none. */
  level: number;
  /** Result: why it gets no more. */
  stop: "top" | "room" | "margin" | "hold";
}

/** One without a rung. */
export function newClimb(): Climb {
  return {
    costs: [],
    rank: 0,
    stage: -1,
    present: -1,
    isKept: false,
    isHeld: false,
    staysAtFloor: false,
    level: -1,
    stop: "top",
  };
}

/** Has it climb other rungs, or the same ones at other costs: where there are as many the array stays. */
export function setCosts(climb: Climb, rungs: readonly { readonly bitsPerSecond: number }[]): void {
  if (climb.costs.length !== rungs.length) climb.costs = new Array<number>(rungs.length).fill(0);
  const { costs } = climb;
  for (let i = 0; i < rungs.length; i++) costs[i] = rungs[i].bitsPerSecond;
}

/**
 * Gives each its rung within `budget`, in bits per second. First those on the stage go up to where they are worth seeing,
 * then each of all gets its first rung, and then, rank by rank, all of one rank go up together, one rung in each round.
 */
export function distribute(budget: number, climbs: readonly Climb[]): void {
  const ranked = climbs.length > 1 ? climbs.toSorted((a, b) => b.rank - a.rank) : climbs;
  const round: Round = { budget, left: budget };
  for (const climb of climbs) {
    climb.level = climb.isKept ? 0 : -1;
    climb.stop = "top";
    if (climb.isKept) round.left -= climb.costs[0];
  }
  climbTogether(ranked, 0, ranked.length, round, stageOf);
  climbTogether(ranked, 0, ranked.length, round, firstOf);
  for (let from = 0; from < ranked.length;) {
    let to = from + 1;
    while (to < ranked.length && ranked[to].rank === ranked[from].rank) to++;
    climbTogether(ranked, from, to, round, topOf);
    from = to;
  }
}

function stageOf({ stage }: Climb): number {
  return stage;
}

function firstOf(): number {
  return 0;
}

function topOf({ costs }: Climb): number {
  return costs.length - 1;
}

/** Of `climbs[from, to)` each one rung in each round, up to its limit, as long as anybody gets on. */
function climbTogether(
  climbs: readonly Climb[],
  from: number,
  to: number,
  round: Round,
  limit: (climb: Climb) => number,
): void {
  for (let isOver = false; !isOver;) {
    isOver = true;
    for (let i = from; i < to; i++) {
      const climb = climbs[i];
      const top = Math.min(limit(climb), climb.costs.length - 1);
      if (climb.stop === "top" && climb.level < top && step(climb, round)) isOver = false;
    }
  }
}

/** False where it gets no further. What waits for its time alone keeps its room: nobody gets it for a moment. */
function step(climb: Climb, round: Round): boolean {
  const { costs, level, present } = climb;
  const rung = level + 1;
  const cost = costs[rung] - (level < 0 ? 0 : costs[level]);
  const isRise = rung > present;
  if (cost > round.left) climb.stop = "room";
  else if (isRise && cost + riseMargin(costs[rung], round.budget) > round.left) climb.stop = "margin";
  else if (isRise && (climb.isHeld || climb.staysAtFloor && rung > 0)) climb.stop = "hold";
  if (climb.stop === "room" || climb.stop === "margin") return false;
  round.left -= cost;
  if (climb.stop === "hold") return false;
  climb.level = rung;
  return true;
}
