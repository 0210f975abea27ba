// Reads {"text", "rounds"} per line; answers {"jobs", "milliseconds": [...]}: reading a workflow, once per round.
//
// The library has no plan. What it does for an editor is the first half of one: it parses the file, checks it against
// the schema and converts it to a template.

import { createInterface } from "node:readline";
import { NoOperationTraceWriter, convertWorkflowTemplate, parseWorkflow } from "@actions/workflow-parser";

async function read(text) {
  const { context, value } = parseWorkflow({ name: "plan.yml", content: text }, new NoOperationTraceWriter());
  return await convertWorkflowTemplate(context, value);
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { text, rounds } = JSON.parse(line);
  const milliseconds = [];
  let jobs = 0;
  // The first rounds are for the just-in-time compiler.
  for (let round = -3; round < rounds; round++) {
    const begun = performance.now();
    const template = await read(text);
    const took = performance.now() - begun;
    if (template.errors?.length) throw new Error(template.errors[0].Message);
    jobs = template.jobs.length;
    if (round >= 0) milliseconds.push(took);
  }
  process.stdout.write(JSON.stringify({ jobs, milliseconds }) + "\n");
}
