import { printableLines } from '../printable.js';

/** Markup that is safe to put into a page. */
export class Html {
  readonly text: string;

  /** @param text markup in which everything that came from outside is escaped already */
  constructor(text: string) {
    this.text = text;
  }
}

export type HtmlContent = string | number | Html | false | undefined | readonly HtmlContent[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Safe text with every character that means something in HTML or SVG, in content or attribute, as an entity. */
export function escapeHtml(text: string): string {
  return printableLines(text).replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

function render(content: HtmlContent): string {
  if (content === undefined || content === false) return '';
  if (content instanceof Html) return content.text;
  if (typeof content === 'string') return escapeHtml(content);
  if (typeof content === 'number') return String(content);
  return content.map(render).join('');
}

/** Template tag: the literal parts are markup, every value is escaped unless it is Html itself. Lists are joined. */
export function html(literals: TemplateStringsArray, ...values: readonly HtmlContent[]): Html {
  return new Html(literals.map((literal, index) => literal + render(values[index])).join(''));
}
