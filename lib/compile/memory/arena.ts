import { aligned, type Storage, storageBytes, type Unit } from '../program/ir.js';
import { canOverwrite } from './overwrite.js';

interface Block {
  readonly bytes: number;
  /** Positions of the units that write it first and use it last. */
  readonly first: number;
  last: number;
  readonly storages: Storage[];
  offset: number;
}

export interface MemoryOptions {
  /** Without it no two values share memory, which helps to look at intermediate values. */
  readonly reuse: boolean;
}

export interface MemoryPlan {
  /** The size of the arena. */
  readonly arenaBytes: number;
  /** The most bytes that one instruction finds needed in this order: no arena could be smaller. */
  readonly liveBytes: number;
}

/**
 * Gives every arena storage its byte offset. Storages share memory when they are not needed at the same time; a pass
 * writes over an operand that it uses last. Values of the prologue that steps read live to the end.
 */
export function planMemory(order: readonly Unit[], options: MemoryOptions): MemoryPlan {
  const blocks = liveBlocks(order, options);
  /** In the order of their offsets. */
  const placed: Block[] = [];
  let arenaBytes = 0;
  // Large blocks first: small ones fit into what is left between them.
  for (const block of blocks.toSorted((a, b) => b.bytes - a.bytes || a.first - b.first)) {
    let offset = 0;
    for (const other of placed) {
      const together = !options.reuse || (other.first <= block.last && block.first <= other.last);
      if (!together) continue;
      if (offset + block.bytes <= other.offset) break;
      offset = Math.max(offset, other.offset + other.bytes);
    }
    block.offset = offset;
    const behind = placed.findIndex((other) => other.offset > offset);
    placed.splice(behind < 0 ? placed.length : behind, 0, block);
    arenaBytes = Math.max(arenaBytes, offset + block.bytes);
    for (const storage of block.storages) storage.place = { kind: 'arena', offset };
  }
  return { arenaBytes, liveBytes: mostLiveBytes(blocks, order.length) };
}

function mostLiveBytes(blocks: readonly Block[], positions: number): number {
  const changes = new Float64Array(positions + 2);
  for (const { first, last, bytes } of blocks) {
    changes[first] = (changes[first] as number) + bytes;
    changes[last + 1] = (changes[last + 1] as number) - bytes;
  }
  let live = 0;
  let most = 0;
  for (const change of changes) {
    live += change;
    most = Math.max(most, live);
  }
  return most;
}

function liveBlocks(order: readonly Unit[], options: MemoryOptions): Block[] {
  const lastUse = new Map<Storage, number>();
  const bodyStart = order.findIndex((unit) => !unit.invariant);
  for (const [position, unit] of order.entries()) {
    for (const storage of [...unit.reads, ...unit.writes]) lastUse.set(storage, position);
  }
  const blockOf = new Map<Storage, Block>();
  const blocks: Block[] = [];
  for (const [position, unit] of order.entries()) {
    const taken = new Set<Block>();
    for (const storage of unit.writes) {
      if (storage.place.kind !== 'arena') continue;
      const end = lastUse.get(storage) as number;
      const hoisted = unit.invariant && end >= bodyStart && bodyStart >= 0;
      const last = hoisted ? order.length : end;
      const bytes = aligned(storageBytes(storage));
      const dying = options.reuse
        ? unit.reads.find((read) => {
            const block = blockOf.get(read);
            if (block === undefined || block.last !== position || block.bytes !== bytes || taken.has(block))
              return false;
            return canOverwrite(unit, read, storage);
          })
        : undefined;
      const block = dying && (blockOf.get(dying) as Block);
      if (block) {
        taken.add(block);
        block.storages.push(storage);
        block.last = last;
        blockOf.set(storage, block);
      } else {
        const fresh: Block = { bytes, first: position, last, storages: [storage], offset: 0 };
        blocks.push(fresh);
        blockOf.set(storage, fresh);
      }
    }
  }
  return blocks;
}
