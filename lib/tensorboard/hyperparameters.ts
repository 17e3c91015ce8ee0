import { create, toBinary } from '@bufbuild/protobuf';
import { isRecord } from '../errors.js';
import {
  type HParamsPluginData,
  HParamsPluginDataSchema,
  type Hyperparameter,
  HyperparameterSchema,
  SessionEndInfo_Status,
  type Summary_Value,
  Summary_ValueSchema,
} from './schema/event_pb.js';

/** What was chosen for a run, by name; within a record by path, as in `task.seed`. */
export type Hyperparameters = Readonly<Record<string, unknown>>;

type Kind = Hyperparameter['kind'];

/** Numbers, texts, booleans and lists of them; what was not chosen, such as an empty text, has no column. */
function kindOf(value: unknown): Kind | undefined {
  if (typeof value === 'number') return { case: 'numberValue', value };
  if (typeof value === 'boolean') return { case: 'boolValue', value };
  const text = Array.isArray(value) ? value.join(', ') : value;
  return typeof text === 'string' && text !== '' ? { case: 'stringValue', value: text } : undefined;
}

function* columnsOf(value: unknown, path = ''): Generator<readonly [name: string, value: Hyperparameter]> {
  if (isRecord(value)) {
    for (const [key, inner] of Object.entries(value)) yield* columnsOf(inner, path === '' ? key : `${path}.${key}`);
  } else {
    const kind = kindOf(value);
    if (kind !== undefined) yield [path, create(HyperparameterSchema, { kind })];
  }
}

/** Says what a run was begun with, to the plugin hparams. */
export function sessionStart(hyperparameters: Hyperparameters): Summary_Value {
  const hparams = Object.fromEntries(columnsOf(hyperparameters));
  return pluginValue('_hparams_/session_start_info', { sessionStartInfo: { hparams, startTimeSecs: now() } });
}

/** How a run has ended: with a result, or without one. */
export type Outcome = 'success' | 'failure';

/** Says that a run has ended. */
export function sessionEnd(outcome: Outcome): Summary_Value {
  const status = outcome === 'failure' ? SessionEndInfo_Status.FAILURE : SessionEndInfo_Status.SUCCESS;
  return pluginValue('_hparams_/session_end_info', { sessionEndInfo: { status, endTimeSecs: now() } });
}

const now = (): number => Date.now() / 1000;

function pluginValue(tag: string, data: Parameters<typeof create<typeof HParamsPluginDataSchema>>[1]): Summary_Value {
  const message: HParamsPluginData = create(HParamsPluginDataSchema, data);
  const content = toBinary(HParamsPluginDataSchema, message);
  return create(Summary_ValueSchema, { tag, metadata: { pluginData: { pluginName: 'hparams', content } } });
}
