// node each.mjs CONTEXTS.json FILE: what `lockgate eval --each FILE` does, by the library. Prints a line for each line:
// {"kind", "value"}, or {"error"}.

import { readFileSync, writeSync } from "node:fs";
import { data, evaluate } from "./library.mjs";

const [contexts, file] = process.argv.slice(2).map((path) => readFileSync(path, "utf8"));
const known = JSON.parse(contexts, data.reviver);
const kinds = new Map(Object.entries(data.Kind).map(([name, number]) => [number, name]));
kinds.set(data.Kind.Dictionary, "Object");

function answer(line) {
  try {
    const value = evaluate(line.startsWith('"') ? JSON.parse(line) : line, known);
    return value ? { kind: kinds.get(value.kind), value } : { kind: "Null", value: null };
  } catch (error) {
    return { error: error.message };
  }
}

const lines = file.trimEnd().split("\n");
let left = Buffer.from(lines.map((line) => JSON.stringify(answer(line), data.replacer) + "\n").join(""));
while (left.length > 0) left = left.subarray(writeSync(1, left));
