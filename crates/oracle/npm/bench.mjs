// Reads {"expressions", "contexts", "rounds"}; answers {"milliseconds"}: how long each round of parsing and evaluating took.

import { createInterface } from "node:readline";
import { Evaluator, Lexer, Parser, data } from "@actions/expressions";

const CONTEXTS = [
  "env", "github", "inputs", "job", "jobs", "matrix", "needs", "runner", "secrets", "steps", "strategy", "vars",
];
const of = (name, most, call) => ({ name, minArgs: most ? 1 : 0, maxArgs: most, call });
const FUNCTIONS = [
  of("always", 0, () => new data.BooleanData(true)),
  of("cancelled", 0, () => new data.BooleanData(false)),
  of("failure", 0, () => new data.BooleanData(false)),
  of("success", 0, () => new data.BooleanData(true)),
  of("hashFiles", 255, (...patterns) => new data.StringData(patterns.map((pattern) => pattern.coerceString()).join("|"))),
];
const CALLABLE = new Map(FUNCTIONS.map((item) => [item.name.toLowerCase(), item]));

function evaluate(text, contexts) {
  const tree = new Parser(new Lexer(text).lex().tokens, CONTEXTS, FUNCTIONS).parse();
  return tree && new Evaluator(tree, contexts, CALLABLE).evaluate();
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { expressions, contexts, rounds } = JSON.parse(line);
  const known = JSON.parse(contexts, data.reviver);
  const milliseconds = [];
  const processor = [];
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now();
    const used = process.cpuUsage();
    for (const text of expressions) {
      try {
        evaluate(text, known);
      } catch {
        // Some that have a value on the runner have none in the library.
      }
    }
    milliseconds.push(performance.now() - begun);
    const { user, system } = process.cpuUsage(used);
    processor.push((user + system) / 1000);
  }
  process.stdout.write(JSON.stringify({ milliseconds, processor }) + "\n");
}
