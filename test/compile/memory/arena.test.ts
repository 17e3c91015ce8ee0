import test from 'ava';
import { planMemory } from '../../../lib/compile/memory/arena.js';
import { canOverwrite } from '../../../lib/compile/memory/overwrite.js';
import type { Storage, Unit } from '../../../lib/compile/program/ir.js';
import { Random } from '../../../lib/data/random.js';
import * as g from '../../../lib/graph/index.js';
import { bytesPerElement } from '../../../lib/tensor.js';
import { bound } from '../../support/compile/passes.js';

const x = g.input('x', [16, 16]);
const squareBytes = 16 * 16 * 4;

/** The units of a prologue followed by those of a step. */
function scheduled(outputs: Record<string, g.Node>, isInvariant?: (node: g.Node) => boolean): Unit[] {
  const { units } = bound({ outputs }, {}, isInvariant);
  return [...units.filter((unit) => unit.invariant), ...units.filter((unit) => !unit.invariant)];
}

const arenaOf = (...program: Parameters<typeof planMemory>): number => planMemory(...program).arenaBytes;

function products(count: number): g.Node {
  return Array.from({ length: count }).reduce<g.Node>((product) => g.matmul(product, x), x);
}

test('values that are not needed at the same time share memory', (t) => {
  // The last product is an output; of the five others two are alive at a time.
  t.is(arenaOf(scheduled({ y: products(6) }), { reuse: false }), 5 * squareBytes);
  t.is(arenaOf(scheduled({ y: products(6) }), { reuse: true }), 2 * squareBytes);
});

test('a pass writes over an operand that it uses last', (t) => {
  const y = g.matmul(g.exp(g.matmul(x, x)), x);
  t.is(arenaOf(scheduled({ y }), { reuse: true }), squareBytes);
  const moved = g.matmul(g.exp(g.transpose(g.matmul(x, x))), x);
  t.is(arenaOf(scheduled({ y: moved }), { reuse: true }), 2 * squareBytes);
});

test('a value of the prologue keeps its memory for all steps', (t) => {
  const once = g.matmul(x, x);
  const y = g.matmul(g.matmul(g.matmul(once, x), x), x);
  const isInvariant = (node: g.Node) => node === once || node === x;
  t.is(arenaOf(scheduled({ y }, isInvariant), { reuse: true }), 3 * squareBytes);
  t.is(arenaOf(scheduled({ y }), { reuse: true }), 2 * squareBytes);
});

/** Operations of several kinds and sizes on random earlier values; the last few are results. */
function randomProgram(seed: number): { units: Unit[]; invariants: number } {
  const random = Random.fromSeed(seed, 'memory');
  const fixed = g.input('fixed', [16, 16]);
  const values: g.Node[] = [x, fixed];
  const invariant = new Set<g.Node>([fixed]);
  const pick = () => values[Math.max(0, values.length - 1 - random.integer(8))] as g.Node;
  const builds = [
    () => g.matmul(pick(), pick()),
    () => g.exp(pick()),
    () => g.add(pick(), pick()),
    () => g.exp(g.transpose(pick())),
    () => g.mul(pick(), g.reduceSum(pick(), [0])),
    () =>
      g.matmul(
        g.slice(pick(), { starts: [0, 4], limits: [16, 12] }),
        g.slice(pick(), { starts: [4, 0], limits: [12, 16] }),
      ),
    () => g.setRows(pick(), g.constant([3, 1], [2], 'int32'), g.slice(pick(), { starts: [0, 0], limits: [2, 16] })),
  ];
  for (let count = 0; count < 40; count++) values.push((builds[random.integer(builds.length)] as () => g.Node)());
  const outputs = Object.fromEntries(values.slice(-3).map((value, index) => [`y${index}`, value]));
  for (const node of g.topologicalOrder(values)) {
    if (node.op === 'constant' || (node.inputs.length > 0 && node.inputs.every((input) => invariant.has(input)))) {
      invariant.add(node);
    }
  }
  const units = scheduled(outputs, (node) => invariant.has(node));
  return { units, invariants: units.filter((unit) => unit.invariant).length };
}

interface Life {
  readonly first: number;
  last: number;
}

/** From where each arena value is written to where it is last used. */
function lives(units: readonly Unit[]): Map<Storage, Life> {
  const found = new Map<Storage, Life>();
  const bodyStart = units.findIndex((unit) => !unit.invariant);
  for (const [position, { reads, writes }] of units.entries()) {
    for (const storage of [...reads, ...writes]) {
      if (storage.place.kind !== 'arena') continue;
      const life = found.get(storage) ?? { first: position, last: position };
      found.set(storage, life);
      // Steps come again: what the prologue made is read in the next one, too.
      life.last = life.first < bodyStart && position >= bodyStart ? Number.POSITIVE_INFINITY : position;
    }
  }
  return found;
}

function range({ place, elementCount, dtype }: Storage): [number, number] {
  const start = place.kind === 'arena' ? place.offset : Number.NaN;
  return [start, start + elementCount * bytesPerElement[dtype]];
}

/** How many bytes of the arena hold something while the unit at a position runs. */
function bytesAt(position: number, found: readonly (readonly [Storage, Life])[]): number {
  const ranges = found.filter(([, { first, last }]) => first <= position && position <= last).map(([s]) => range(s));
  let [total, end] = [0, 0];
  for (const [from, to] of ranges.toSorted(([a], [b]) => a - b)) {
    const padded = Math.ceil(to / 64) * 64;
    total += Math.max(0, padded - Math.max(from, end));
    end = Math.max(end, padded);
  }
  return total;
}

for (const seed of Array(30).keys()) {
  test(`random program ${seed}: values that live at the same time never overlap`, (t) => {
    const { units } = randomProgram(seed);
    const apart = arenaOf(units, { reuse: false });
    const { arenaBytes, liveBytes } = planMemory(units, { reuse: true });
    t.true(arenaBytes < apart);
    const found = [...lives(units)];
    t.true(found.length > 5);
    t.is(liveBytes, Math.max(...units.map((_, position) => bytesAt(position, found))));
    t.true(liveBytes <= arenaBytes);
    for (const [index, [a, lifeA]] of found.entries()) {
      const [startA, endA] = range(a);
      t.is(startA % 64, 0);
      t.true(endA <= arenaBytes);
      for (const [b, lifeB] of found.slice(index + 1)) {
        const [startB, endB] = range(b);
        if (endA <= startB || endB <= startA) continue;
        const [[old, ended], [next, began]] =
          lifeA.first < lifeB.first
            ? ([
                [a, lifeA],
                [b, lifeB],
              ] as const)
            : ([
                [b, lifeB],
                [a, lifeA],
              ] as const);
        const overwritten = ended.last === began.first && canOverwrite(units[began.first] as Unit, old, next);
        t.true(ended.last < began.first || overwritten, `bytes ${startA} and ${startB}`);
        if (overwritten) t.is(startA, startB);
      }
    }
  });
}

test('the random programs have prologues', (t) => {
  t.true([...Array(30).keys()].filter((seed) => randomProgram(seed).invariants > 0).length > 10);
});
