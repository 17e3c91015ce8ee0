// What TypeDoc does not do by itself: titles and groups of the guides, and links from what their text, and that of
// comments, names.
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Converter, ReflectionKind } from 'typedoc';
import { guides } from './guides.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

export function load({ converter }) {
  converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, guide) => {
    const path = pathOf(guide);
    const [group] = Object.entries(guides).find(([, paths]) => paths.includes(path)) ?? ['Methods'];
    guide.frontmatter.group = group;
    guide.name = /^# (.+)$/m.exec(guide.content[0].text)[1];
  });
  converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => linkNames(project));
}

const pathOf = (guide) => relative(root, guide.project.files.getReflectionPath(guide));

function linkNames(project) {
  const all = Object.values(project.reflections);
  const guidesByPath = new Map(all.filter((each) => each.isDocument()).map((each) => [pathOf(each), each]));
  const names = namesOf(project);
  const linked = (parts) => parts.flatMap((part, index) => linkedPart(part, parts[index - 1], names, guidesByPath));
  // The page has the name of the package above it.
  project.readme[0].text = project.readme[0].text.replace(/^# .+$/m, '');
  project.readme = linked(project.readme);
  for (const [path, guide] of guidesByPath) {
    // There `Shape` and `Split` are operators of ONNX.
    if (path !== 'docs/onnx.md') guide.content = linked(guide.content);
  }
  for (const { comment } of all) {
    if (comment === undefined) continue;
    comment.summary = linked(comment.summary);
    for (const tag of comment.blockTags) tag.content = linked(tag.content);
  }
}

/** What is exported by a name that only one entry of the package has, and the methods by theirs. */
function namesOf({ children }) {
  const entries = children.filter(({ kind }) => kind === ReflectionKind.Module);
  const exported = entries.flatMap((entry) => entry.children);
  const methods = exported.find(({ name }) => name === 'methods').children;
  const names = new Map();
  for (const each of [...methods, ...exported]) {
    const known = names.get(each.name);
    const isMethod = known?.parent.name === 'methods';
    names.set(each.name, known === undefined || isMethod ? each : 'several');
  }
  return names;
}

function linkedPart(part, before, names, guidesByPath) {
  if (part.kind === 'text') {
    return part.text.split(/\b(docs\/[\w/-]+\.md)\b(?![\])])/).map((text) => {
      const target = guidesByPath.get(text);
      return target === undefined ? { kind: 'text', text } : { kind: 'inline-tag', tag: '@link', text, target };
    });
  }
  if (part.kind !== 'code' || before?.text.endsWith('[') || /^#.*$(?!\n)/m.test(before?.text.split('\n').at(-1))) {
    return part;
  }
  // TypeDoc takes what names no language for TypeScript.
  if (part.text.startsWith('```\n')) return { ...part, text: part.text.replace('```', '```text') };
  const text = part.text.slice(1, -1);
  const guide = guidesByPath.get(text);
  if (guide !== undefined) return { kind: 'inline-tag', tag: '@linkcode', text, target: guide };
  const [, name, member, call] = /^([A-Za-z]\w*)(?:\.(\w+))?(\(.*\))?$/.exec(text) ?? [];
  const owner = names.get(name);
  const target = member === undefined ? owner : owner?.children?.find((each) => each.name === member);
  // A lower-case word alone is mostly an option or a variable of that name.
  const isName = /[A-Z]/.test(name) || member !== undefined || call !== undefined;
  return target === undefined || target === 'several' || !isName
    ? part
    : { kind: 'inline-tag', tag: '@linkcode', text, target };
}
