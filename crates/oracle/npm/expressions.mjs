// Reads {"expr", "contexts"?} per line; answers {"kind", "value"} or {"error": {"kind", "message", "position"?}}.
//
// Contexts hold for the lines behind them too. Numbers are told by their bits, because JSON knows neither NaN nor -0.

import { createInterface } from "node:readline";
import { Evaluator, Lexer, Parser, data } from "@actions/expressions";

const CONTEXTS = [
  "env", "github", "inputs", "job", "jobs", "matrix", "needs", "runner", "secrets", "steps", "strategy", "vars",
];

const text = (value) => new data.StringData(value);
const truth = (value) => new data.BooleanData(value);

// The functions that a runner adds, with answers that both sides know.
const FUNCTIONS = [
  { name: "always", minArgs: 0, maxArgs: 0, call: () => truth(true) },
  { name: "cancelled", minArgs: 0, maxArgs: 0, call: () => truth(false) },
  { name: "failure", minArgs: 0, maxArgs: 0, call: () => truth(false) },
  { name: "success", minArgs: 0, maxArgs: 0, call: () => truth(true) },
  {
    name: "hashFiles",
    minArgs: 1,
    maxArgs: 255,
    call: (...patterns) => text(`digest of ${patterns.map((pattern) => pattern.coerceString()).join("|")}`),
  },
];
const CALLABLE = new Map(FUNCTIONS.map((item) => [item.name.toLowerCase(), item]));

const bits = new DataView(new ArrayBuffer(8));

function told(value) {
  switch (value.kind) {
    case data.Kind.Null:
      return { kind: "Null" };
    case data.Kind.Boolean:
      return { kind: "Boolean", value: value.value };
    case data.Kind.Number:
      bits.setFloat64(0, value.value);
      return { kind: "Number", value: bits.getBigUint64(0).toString(16).padStart(16, "0") };
    case data.Kind.String:
      return { kind: "String", value: value.value.toWellFormed() };
    case data.Kind.Array:
      return { kind: "Array", value: value.values().map(told) };
    default:
      return { kind: "Object", value: value.pairs().map(({ key, value }) => [key.toWellFormed(), told(value)]) };
  }
}

function attempt(kind, work) {
  try {
    return work();
  } catch (error) {
    throw { kind, error };
  }
}

// Lines and columns count UTF-16 units from 0; a lexing error tells its place in its message only, from 1.
function position({ kind, error }) {
  if (kind === "parsing" && error.pos) return error.pos;
  const place = /Located at position (\d+) within expression/.exec(error.message);
  return place ? { offset: Number(place[1]) - 1 } : undefined;
}

function parse(expr) {
  const { tokens } = attempt("lexing", () => new Lexer(expr).lex());
  return attempt("parsing", () => new Parser(tokens, CONTEXTS, FUNCTIONS).parse());
}

function evaluate(expr, contexts) {
  const tree = parse(expr);
  if (tree === undefined) return new data.Null();
  return attempt("evaluation", () => new Evaluator(tree, contexts, CALLABLE).evaluate());
}

function answer(expr, contexts) {
  try {
    return told(evaluate(expr, contexts));
  } catch (thrown) {
    if (thrown.error === undefined) return { error: { kind: "crash", message: String(thrown) } };
    const { kind, error } = thrown;
    const crashed = error instanceof TypeError || error instanceof RangeError;
    const message = error.message + (error.cause ? `: ${error.cause.message}` : "");
    return { error: { kind: crashed ? "crash" : kind, message: message.toWellFormed(), position: position(thrown) } };
  }
}

let contexts = new data.Dictionary();
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const question = JSON.parse(line);
  if (question.contexts) contexts = JSON.parse(JSON.stringify(question.contexts), data.reviver);
  process.stdout.write(JSON.stringify(answer(question.expr, contexts)) + "\n");
}
