import { BilevelError, checkKeys, invalidArgument } from '../../errors.js';
import { SparseRows } from '../sparse-rows.js';

/** Options of {@link Vocabulary.of}. */
export interface VocabularyOptions {
  /** Texts that a word has to be in to be one of the vocabulary, an integer from 1 on; 1 by default. */
  readonly minDf?: number | undefined;
}

/** Options of {@link Vocabulary.encode}. */
export interface EncodeOptions {
  /**
   * What the entry of a word is: `tf-idf`, by default, as {@link Vocabulary.encode} says; or `counts`, how often the
   * text has the word.
   */
  readonly weights?: 'tf-idf' | 'counts' | undefined;
}

/** Most words of a vocabulary. */
const mostWords = 2 ** 24;

/** The words of a text: in lower case, letters, digits and underscores, two or more, as they stand. */
export function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}_]{2,}/gu) ?? [];
}

/**
 * The words of some texts, in the order of their letters, by which texts become rows of numbers. It is made of training
 * texts alone: what others have beside is left out of them.
 */
export class Vocabulary {
  readonly words: readonly string[];
  /** Texts that it was made of. */
  readonly texts: number;
  /** How many of them have each word. */
  readonly documentFrequencies: readonly number[];
  readonly #positions: ReadonlyMap<string, number>;

  private constructor(texts: number, frequencies: readonly (readonly [word: string, texts: number])[]) {
    this.texts = texts;
    this.words = frequencies.map(([word]) => word);
    this.documentFrequencies = frequencies.map(([, count]) => count);
    this.#positions = new Map(this.words.map((word, position) => [word, position]));
  }

  /**
   * @throws INVALID_ARGUMENT for a minDf that is none, UNKNOWN_OPTION; INVALID_DATA for texts without words that are in
   *   so many of them; LIMIT_EXCEEDED
   */
  static of(texts: readonly string[], options: VocabularyOptions = {}): Vocabulary {
    checkKeys(options, ['minDf'], 'Vocabulary.of');
    const { minDf = 1 } = options;
    if (!Number.isSafeInteger(minDf) || minDf < 1) throw invalidArgument('minDf', 'an integer of at least 1', minDf);
    if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string')) {
      throw invalidArgument('texts', 'a list of texts', texts);
    }
    const frequencies = new Map<string, number>();
    for (const text of texts) {
      for (const word of new Set(wordsOf(text))) frequencies.set(word, (frequencies.get(word) ?? 0) + 1);
      if (frequencies.size > mostWords) {
        throw new BilevelError('LIMIT_EXCEEDED', `The texts have more than ${mostWords} different words.`);
      }
    }
    const kept = [...frequencies].filter(([, count]) => count >= minDf);
    if (kept.length === 0) {
      const what = `None of the ${texts.length} texts has a word that is in ${minDf} of them`;
      throw new BilevelError('INVALID_DATA', `${what}; give other texts, or a smaller minDf.`);
    }
    kept.sort(([a], [b]) => (a < b ? -1 : 1));
    return new Vocabulary(texts.length, kept);
  }

  /**
   * A row for each text with an entry for each of its words: how often it has the word, times ln((1 + n) / (1 + d)) + 1
   * for a word that d of the n texts of the vocabulary have, and each row of the length 1 (scikit-learn's
   * TfidfVectorizer with its defaults). A text without such words is an empty row.
   * @throws INVALID_ARGUMENT for weights that are none of these; UNKNOWN_OPTION
   */
  encode(texts: readonly string[], options: EncodeOptions = {}): SparseRows {
    checkKeys(options, ['weights'], 'encode of a Vocabulary');
    const { weights = 'tf-idf' } = options;
    if (weights !== 'tf-idf' && weights !== 'counts') {
      throw invalidArgument('weights', '"tf-idf" or "counts"', weights);
    }
    const offsets = [0];
    const indices: number[] = [];
    const values: number[] = [];
    for (const text of texts) {
      const counts = this.#countsOf(text);
      const entries = weights === 'counts' ? counts : this.#weighted(counts);
      for (const [index, value] of entries) {
        indices.push(index);
        values.push(value);
      }
      offsets.push(indices.length);
    }
    return SparseRows.from({ offsets, indices, values, columns: this.words.length });
  }

  /** How often a text has each word, by the word's position, in their order. */
  #countsOf(text: string): [position: number, count: number][] {
    const counts = new Map<number, number>();
    for (const word of wordsOf(text)) {
      const position = this.#positions.get(word);
      if (position !== undefined) counts.set(position, (counts.get(position) ?? 0) + 1);
    }
    return [...counts].sort(([a], [b]) => a - b);
  }

  #weighted(counts: readonly (readonly [number, number])[]): [number, number][] {
    const weighted = counts.map(([position, count]): [number, number] => {
      const frequency = this.documentFrequencies[position] ?? 0;
      return [position, count * (Math.log((1 + this.texts) / (1 + frequency)) + 1)];
    });
    const length = Math.sqrt(weighted.reduce((sum, [, weight]) => sum + weight ** 2, 0));
    return weighted.map(([position, weight]) => [position, weight / length]);
  }
}
