// Reads {"expr", "contexts"?, "corrections"?} per line; answers {"kind", "value"} or
// {"error": {"kind", "message", "position"?}}.
//
// Contexts, as JSON in a text, hold for the lines behind them too. Without corrections it is the library that answers,
// and nothing else. Numbers are told by their bits, because JSON knows neither NaN nor -0.

import { createInterface } from "node:readline";
import { Evaluator, Lexer, Parser, data } from "@actions/expressions";
import * as runner from "./runner.mjs";

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
      return { kind: "String", value: runner.wellFormed(value.value) };
    case data.Kind.Array:
      return { kind: "Array", value: value.values().map(told) };
    default:
      return { kind: "Object", value: value.pairs().map(({ key, value }) => [runner.wellFormed(key), told(value)]) };
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

const LIBRARY = {
  lex: (expr) => new Lexer(expr).lex().tokens,
  parse: (tokens, contexts, functions) => new Parser(tokens, contexts, functions).parse(),
  evaluate: (tree, contexts, functions) => new Evaluator(tree, contexts, functions).evaluate(),
};

function evaluate(expr, contexts, by) {
  const tokens = attempt("lexing", () => by.lex(expr));
  const tree = attempt("parsing", () => by.parse(tokens, CONTEXTS, FUNCTIONS));
  if (tree === undefined) return new data.Null();
  return attempt("evaluation", () => by.evaluate(tree, contexts, CALLABLE));
}

function answer(expr, contexts, by) {
  try {
    return told(evaluate(expr, contexts, by));
  } catch (thrown) {
    if (thrown.error === undefined) return { error: { kind: "crash", message: String(thrown) } };
    const { kind, error } = thrown;
    const crashed = error instanceof TypeError || error instanceof RangeError;
    const message = error.message + (error.cause ? `: ${error.cause.message}` : "");
    return { error: { kind: crashed ? "crash" : kind, message: runner.wellFormed(message), position: position(thrown) } };
  }
}

let given = "{}";
const contextsOf = new Map();

// Which contexts an object has depends on the corrections too.
function contexts(corrections) {
  const key = corrections.join();
  if (!contextsOf.has(key)) contextsOf.set(key, corrections.length ? runner.read(given) : JSON.parse(given, data.reviver));
  return contextsOf.get(key);
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { expr, contexts: fresh, corrections = [] } = JSON.parse(line);
  if (fresh !== undefined) {
    given = fresh;
    contextsOf.clear();
  }
  runner.correct(corrections);
  const by = corrections.length ? runner : LIBRARY;
  process.stdout.write(JSON.stringify(answer(expr, contexts(corrections), by)) + "\n");
}
