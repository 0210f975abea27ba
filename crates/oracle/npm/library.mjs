// The library alone, as a program would use it: without corrections.

import { Evaluator, Lexer, Parser, data } from "@actions/expressions";

export { data };

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

export function evaluate(text, contexts) {
  const tree = new Parser(new Lexer(text).lex().tokens, CONTEXTS, FUNCTIONS).parse();
  return tree && new Evaluator(tree, contexts, CALLABLE).evaluate();
}
