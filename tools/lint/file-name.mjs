import { basename } from 'node:path';

/** `invoices.service.spec.ts`: parts in kebab-case ASCII, joined by dots. */
const shape = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+$/;

/** Words that say nothing about what a file holds. */
const empty = /^(utils?|helpers?|common|managers?|base|misc)$/;

/** ESLint rule: file names are in kebab-case and say what the file is about. */
export default {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: {
      shape: 'Name the file in kebab-case ASCII, like "invoices.service.ts": "{{name}}".',
      empty: 'The word "{{word}}" does not say what "{{name}}" is about.',
    },
  },
  create(context) {
    return {
      Program(node) {
        const name = basename(context.filename);
        if (!shape.test(name)) return context.report({ node, messageId: 'shape', data: { name } });
        const word = name.split(/[-.]/).find((part) => empty.test(part));
        if (word) context.report({ node, messageId: 'empty', data: { name, word } });
      },
    };
  },
};
