// Reads {"expressions", "contexts", "rounds"}; answers {"milliseconds"}: how long each round of parsing and evaluating took.

import { createInterface } from "node:readline";
import { data, evaluate } from "./library.mjs";

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
