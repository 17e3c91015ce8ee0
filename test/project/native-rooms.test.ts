import test from 'ava';

type Sources = readonly (readonly [string, string])[];
type Table = Readonly<Record<string, readonly string[]>>;
const script: {
  nativeSources(): Sources;
  wrongIncludes(sources: Sources, table?: Table): string[];
} = await import(new URL('../../../scripts/native-rooms.mjs', import.meta.url).href);
const { nativeSources, wrongIncludes } = script;

test('the sources of the addon include only what their rooms may', (t) => {
  t.deepEqual(wrongIncludes(nativeSources()), []);
});

const table: Table = { program: [], engine: ['program'], addon: ['engine'], 'addon/engines.cpp': ['program'] };
const sources: Sources = [
  ['program/program.h', '#include <vector>\n'],
  ['engine/engine.h', '#include "program/program.h"\n'],
  ['addon/addon.cpp', '#include "engine/engine.h"\n#include "addon/run.h"\n'],
  ['addon/engines.cpp', '#include "program/program.h"\n'],
];

test('includes that a room has no right to, rooms that are not listed, circles and unused rights are refused', (t) => {
  t.deepEqual(wrongIncludes(sources, table), []);
  t.deepEqual(wrongIncludes([...sources, ['program/decode.cpp', '#include "engine/engine.h"\n']], table), [
    'program/decode.cpp may not include engine/engine.h',
  ]);
  t.deepEqual(wrongIncludes([...sources, ['addon/run.cpp', '#include "program/program.h"\n']], table), [
    'addon/run.cpp may not include program/program.h',
  ]);
  t.deepEqual(wrongIncludes([...sources, ['cuda/engine.cpp', '']], table), ['cuda/engine.cpp lies in no room']);
  t.deepEqual(wrongIncludes(sources.slice(0, -1), table), ['nothing in addon/engines.cpp includes a file of program']);
  const circle: Sources = [...sources, ['program/decode.cpp', '#include "engine/engine.h"\n']];
  t.deepEqual(wrongIncludes(circle, { ...table, program: ['engine'] }), [
    'the room program stands before engine, which it may include',
  ]);
});
