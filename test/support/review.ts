import type { Review } from '../../lib/review/index.js';

/** A picture of one grey pixel. */
export const pixel =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==';

/** Text that would be markup, a script and a formula where it is not taken as text. */
export const attack = '=1+1"><img src=x onerror="document.title=1"><script>document.title=2</script>';

/** Five samples of three classes, pictures or records, one of them with a hostile name. */
export function someReview(kind: 'pictures' | 'records' = 'pictures'): Review {
  return {
    title: 'Review of flowers',
    classes: ['rose', attack, 'tulip'],
    samples: [7, 3, 9, 4, 8].map((index, place) => ({
      index,
      given: place % 3,
      suggested: place === 4 ? 1 : (place + 1) % 3,
      weight: place / 10,
    })),
    show: (index) =>
      kind === 'pictures'
        ? pixel
        : [
            ['name', `flower ${index}`],
            [attack, attack],
          ],
  };
}
