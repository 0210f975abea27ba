// Reads {"text", "rounds"} per line; answers {"jobs", "first", "milliseconds": [...]}: how long reading a workflow took,
// the first time in this process and then once per round.
//
// The library has no plan. What it does for an editor is the first half of one: it parses the file, checks it against
// the schema and converts it to a template.

import { createInterface } from "node:readline";
import "./json_imports.mjs";

const parser = "@actions/workflow-parser";
const { parseWorkflow } = await import(`${parser}/workflows/workflow-parser`);
const { convertWorkflowTemplate } = await import(`${parser}/model/convert`);
const { NoOperationTraceWriter } = await import(`${parser}/templates/trace-writer`);

async function read(text) {
  const { context, value } = parseWorkflow({ name: "plan.yml", content: text }, new NoOperationTraceWriter());
  return await convertWorkflowTemplate(context, value);
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { text, rounds } = JSON.parse(line);
  const milliseconds = [];
  let jobs = 0;
  for (let round = 0; round <= rounds; round++) {
    const begun = performance.now();
    const template = await read(text);
    milliseconds.push(performance.now() - begun);
    if (template.errors?.length) throw new Error(template.errors[0].Message);
    jobs = template.jobs.length;
  }
  const first = milliseconds.shift();
  process.stdout.write(JSON.stringify({ jobs, first, milliseconds }) + "\n");
}
