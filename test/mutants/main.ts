// `npm run mutants -- [--suites N] FILE[:FROM[-TO]] … [SUITE …]`: changes each file in many small ways, one at a time, and says which of them
// no test minds. No file is written but what jest keeps, in a folder of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { read } from '../support/files.ts';
import { createJudge, type Verdict } from './judge.ts';
import { type Mutation, mutationsOf } from './mutations.ts';
import { nearestSuites } from './nearest-suites.ts';
import { type Arguments, readArguments, type Wanted } from './wanted.ts';

export type Score = Readonly<Record<Verdict, number>>;

const survivor = (file: string, source: string, { line, column, start, end, text }: Mutation): string => {
  const inOneLine = (code: string): string => code.replaceAll(/\s+/g, ' ');
  return `${file}:${line}:${column}\n  - ${inOneLine(source.slice(start, end))}\n  + ${inOneLine(text)}`;
};

const scoreOf = async ({ file, from, to }: Wanted, { most, suites: asked }: Arguments, cache: string): Promise<Score> => {
  const source = read(file);
  const suites = asked.length > 0 ? asked : nearestSuites(file, most);
  if (suites.length === 0) throw new Error(`No suite imports ${file}.`);
  const { judge } = createJudge(file, suites, cache);
  if ((await judge(null)) !== 'survived') throw new Error(`The suites of ${file} fail without any change: ${suites.join(' ')}`);
  const score = { survived: 0, killed: 0, 'timed out': 0 };
  for (const mutation of mutationsOf(source).filter(({ line }) => line >= from && line <= to)) {
    const verdict = await judge(mutation);
    score[verdict] += 1;
    if (verdict === 'survived') console.log(survivor(file, source, mutation));
  }
  return score;
};

const total = (scores: readonly Score[]): Score => {
  const sum = (verdict: Verdict): number => scores.reduce((count, score) => count + score[verdict], 0);
  return { survived: sum('survived'), killed: sum('killed'), 'timed out': sum('timed out') };
};

const row = (name: string, score: Score): string => {
  const all = score.survived + score.killed + score['timed out'];
  const percent = all === 0 ? '' : `${((100 * (all - score.survived)) / all).toFixed(1)} %`;
  return `| ${name} | ${all} | ${score.killed} | ${score['timed out']} | ${score.survived} | ${percent} |`;
};

const args = readArguments(process.argv.slice(2));
const cache = mkdtempSync(join(tmpdir(), 'sallyport-mutants-'));
process.once('exit', () => rmSync(cache, { recursive: true, force: true, maxRetries: 5 }));
process.once('SIGINT', () => process.exit(130));

const scores: Array<readonly [name: string, score: Score]> = [];
for (const wanted of args.files) scores.push([wanted.file, await scoreOf(wanted, args, cache)]);
const all = total(scores.map(([, score]) => score));
console.log(['', '| file | mutants | killed | timed out | survived | score |', '| --- | --- | --- | --- | --- | --- |'].join('\n'));
for (const [name, score] of [...scores, ['all', all] as const]) console.log(row(name, score));
process.exitCode = all.survived > 0 ? 1 : 0;
