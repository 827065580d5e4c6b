/** The same small program in several languages: each runs as it stands. */
const SAMPLES = {
  typescript: `export function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of text.toLowerCase().match(/\\p{L}+/gu) ?? []) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}`,
  python: `import re
from collections import Counter


def count_words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\\w+", text.lower()))`,
  sql: `SELECT word, count(*) AS times
FROM regexp_split_to_table(lower('one two two'), '\\W+') AS word
WHERE word <> ''
GROUP BY word
ORDER BY times DESC;`,
  bash: `tr -cs '[:alpha:]' '\\n' < "$1" | tr '[:upper:]' '[:lower:]' | sort | uniq -c | sort -rn`,
};

const NAMED: [RegExp, keyof typeof SAMPLES][] = [
  [/python|питон|пайтон/i, 'python'],
  [/\bsql\b|запрос.*баз|postgres/i, 'sql'],
  [/bash|shell|шелл|баш/i, 'bash'],
];

/** In the language the request names; TypeScript when it names none we have. */
export function codeSample(request: string): { language: string; block: string } {
  const language = NAMED.find(([name]) => name.test(request))?.[1] ?? 'typescript';
  return { language, block: `\`\`\`${language}\n${SAMPLES[language]}\n\`\`\`` };
}
