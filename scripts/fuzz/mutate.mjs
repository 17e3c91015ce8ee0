// Damage to files: what a transfer, a disk or malice does to bytes, and to the messages of a protobuf file. All of it
// is drawn from the generator, so that a number makes the same file again.

const turns = [0, 1, 2, 3, 7, 8, 127, 128, 255, 256, 65535, 65536, 2 ** 24, 2 ** 30, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
const wideTurns = [
  ...turns.map(BigInt),
  2n ** 40n,
  2n ** 52n,
  2n ** 53n,
  2n ** 62n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

const pick = (random, values) => (values.length > 0 ? values[random.integer(values.length)] : undefined);

/** A place in bytes, half of the time near their begin, where formats keep their lengths. */
function place(random, length) {
  return random.integer(random.integer(2) === 0 ? Math.min(length, 64) : length);
}

const damages = {
  flipBit(random, bytes) {
    const changed = Uint8Array.from(bytes);
    changed[place(random, bytes.length)] ^= 1 << random.integer(8);
    return changed;
  },
  setByte(random, bytes) {
    const changed = Uint8Array.from(bytes);
    changed[place(random, bytes.length)] = random.integer(256);
    return changed;
  },
  setNumber(random, bytes) {
    const changed = Uint8Array.from(bytes);
    const width = pick(
      random,
      [2, 4, 8].filter((each) => each <= bytes.length),
    );
    if (width === undefined) return changed;
    const view = new DataView(changed.buffer);
    const offset = place(random, bytes.length - width + 1);
    const littleEndian = random.integer(2) === 0;
    if (width === 8) view.setBigUint64(offset, pick(random, wideTurns), littleEndian);
    else if (width === 4) view.setUint32(offset, pick(random, turns), littleEndian);
    else view.setUint16(offset, pick(random, turns), littleEndian);
    return changed;
  },
  /** A number in decimal digits, as headers of text keep them. */
  setDigits(random, bytes) {
    const text = Buffer.from(bytes).toString('latin1');
    const numbers = [...text.slice(0, 1 << 16).matchAll(/-?\d+/g)];
    if (numbers.length === 0) return damages.setNumber(random, bytes);
    const { index, 0: digits } = pick(random, numbers);
    const other = pick(random, ['-1', '0', '1', '0.5', '1e400', 'null', '[]', ...wideTurns.map(String)]);
    return Buffer.from(text.slice(0, index) + other + text.slice(index + digits.length), 'latin1');
  },
  truncate(random, bytes) {
    return bytes.subarray(0, random.integer(bytes.length));
  },
  erase(random, bytes) {
    const from = place(random, bytes.length);
    const length = 1 + random.integer(Math.min(64, bytes.length - from));
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + length)]);
  },
  repeat(random, bytes) {
    const from = place(random, bytes.length);
    const part = bytes.subarray(from, from + 1 + random.integer(64));
    return Buffer.concat([bytes.subarray(0, from), ...Array(1 + random.integer(8)).fill(part), bytes.subarray(from)]);
  },
  splice(random, bytes, other) {
    return Buffer.concat([bytes.subarray(0, place(random, bytes.length)), other.subarray(place(random, other.length))]);
  },
};

/** Bytes with one to three kinds of damage. */
export function damageBytes(random, bytes, other) {
  let changed = bytes;
  for (let times = 1 + random.integer(3); times > 0 && changed.length > 0; times--) {
    changed = pick(random, Object.values(damages))(random, changed, other.length > 0 ? other : bytes);
  }
  return changed;
}

/** The fields of a protobuf message, or undefined when the bytes are none. */
function readFields(bytes) {
  const fields = [];
  let position = 0;
  const varint = () => {
    let [value, shift] = [0n, 0n];
    for (;;) {
      if (position >= bytes.length || shift > 63n) return undefined;
      const byte = bytes[position++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
      shift += 7n;
    }
  };
  while (position < bytes.length) {
    const key = varint();
    if (key === undefined || key >> 3n === 0n || key > 0xffffn) return undefined;
    const [number, wire] = [Number(key >> 3n), Number(key & 7n)];
    if (wire === 0) {
      const value = varint();
      if (value === undefined) return undefined;
      fields.push({ number, wire, value });
      continue;
    }
    const length = wire === 1 ? 8n : wire === 5 ? 4n : wire === 2 ? varint() : undefined;
    if (length === undefined || length > BigInt(bytes.length - position)) return undefined;
    fields.push({ number, wire, value: bytes.subarray(position, position + Number(length)) });
    position += Number(length);
  }
  return fields;
}

function varintBytes(value) {
  const bytes = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.from([...bytes, Number(rest)]);
}

function writeFields(fields) {
  return Buffer.concat(
    fields.flatMap(({ number, wire, value }) => {
      const key = varintBytes(BigInt((number << 3) | wire));
      if (wire === 0) return [key, varintBytes(value)];
      return wire === 2 ? [key, varintBytes(BigInt(value.length)), value] : [key, value];
    }),
  );
}

const wireDefaults = { 0: 1n, 1: new Uint8Array(8), 2: new Uint8Array(0), 5: new Uint8Array(4) };

const fieldDamages = [
  (_, fields, at) => fields.toSpliced(at, 1),
  (_, fields, at) => fields.toSpliced(at, 0, fields[at]),
  (_, fields, at, donor) => fields.with(at, donor),
  (random, fields, at) => {
    const to = random.integer(fields.length);
    return fields.with(at, fields[to]).with(to, fields[at]);
  },
  (random, fields, at) => fields.with(at, { ...fields[at], number: 1 + random.integer(30) }),
  (random, fields, at) => {
    const wire = pick(random, [0, 1, 2, 5]);
    return fields.with(at, { number: fields[at].number, wire, value: wireDefaults[wire] });
  },
];

/**
 * Every field in the tree of messages: each with the fields beside it, and a way to write the file with others there.
 */
function allFields(bytes, write = (changed) => changed, depth = 0) {
  const fields = readFields(bytes) ?? [];
  const found = fields.map((field, at) => ({ field, at, fields, write: (changed) => write(writeFields(changed)) }));
  // Bytes that look like a message may be something else; then what is changed in them is something else too.
  const inside = fields.flatMap((field, at) =>
    field.wire === 2 && field.value.length > 0 && field.value.length < 2 ** 16 && depth < 12
      ? allFields(
          field.value,
          (changed) => write(writeFields(fields.with(at, { ...field, value: changed }))),
          depth + 1,
        )
      : [],
  );
  return [...found, ...inside];
}

/** Changes one field, each as likely as the others; half of the time a number. */
function damageFields(random, bytes, other) {
  const all = allFields(bytes);
  const numbers = all.filter(({ field }) => field.wire === 0);
  const { field, at, fields, write } =
    pick(random, random.integer(2) === 0 && numbers.length > 0 ? numbers : all) ?? {};
  if (field === undefined) return damageBytes(random, bytes, other);
  if (field.wire === 0 && random.integer(4) > 0) {
    const value = random.integer(3) === 0 ? field.value + BigInt(random.integer(3) - 1) : pick(random, wideTurns);
    return write(fields.with(at, { ...field, value }));
  }
  if (field.wire === 2 && random.integer(3) === 0) {
    return write(fields.with(at, { ...field, value: damageBytes(random, field.value, other) }));
  }
  const donor = pick(random, allFields(other))?.field ?? field;
  return write(pick(random, fieldDamages)(random, fields, at, donor));
}

/** A protobuf file with one to three messages changed; now and then just bytes. */
export function damageMessages(random, bytes, other) {
  if (random.integer(6) === 0) return damageBytes(random, bytes, other);
  let changed = bytes;
  for (let times = 1 + random.integer(3); times > 0 && changed.length > 0; times--) {
    changed = damageFields(random, changed, other);
  }
  return changed;
}
