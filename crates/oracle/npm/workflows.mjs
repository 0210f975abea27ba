// Answers, for each line of standard input, what @actions/workflow-parser says about a file.
//
// A line is {"kind": "workflow" | "action", "text": …}; the answer is {"errors": [{"message", "line", "column"}]}.
// To {"kind": "schema", "of": "workflow" | "action"} the answer is {"schema": …}: the definitions that it reads by.
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import "./json_imports.mjs";

const parser = "@actions/workflow-parser";
const { parseWorkflow } = await import(`${parser}/workflows/workflow-parser`);
const { convertWorkflowTemplate, ErrorPolicy } = await import(`${parser}/model/convert`);
const { parseAction } = await import(`${parser}/actions/action-parser`);
const { convertActionTemplate } = await import(`${parser}/actions/action-template`);
const { NoOperationTraceWriter } = await import(`${parser}/templates/trace-writer`);
const { TemplateContext, TemplateValidationErrors } = await import(`${parser}/templates/template-context`);
const { getWorkflowSchema } = await import(`${parser}/workflows/workflow-schema`);
const { getActionSchema } = await import(`${parser}/actions/action-schema`);
const { FeatureFlags } = await import("@actions/expressions/features");

// Steps beside others are read by us, too.
const featureFlags = new FeatureFlags({ all: true });
const schemas = { workflow: getWorkflowSchema, action: getActionSchema };

async function judge({ kind, text }) {
  const parse = kind === "action" ? parseAction : parseWorkflow;
  const asked = new TemplateContext(new TemplateValidationErrors(), schemas[kind](), new NoOperationTraceWriter());
  asked.state.featureFlags = featureFlags;
  const { context, value } = parse({ name: `${kind}.yml`, content: text }, asked);
  const options = { errorPolicy: ErrorPolicy.TryConversion, featureFlags };
  if (value !== undefined && kind === "action") {
    convertActionTemplate(context, value, options);
  } else if (value !== undefined) {
    await convertWorkflowTemplate(context, value, undefined, options);
  }
  return context.errors.getErrors().map((error) => ({
    message: error.rawMessage ?? error.message,
    line: error.range?.start?.line ?? 0,
    column: error.range?.start?.column ?? 0,
  }));
}

function schema(of) {
  const path = fileURLToPath(import.meta.resolve(`${parser}/index`));
  return JSON.parse(readFileSync(join(dirname(path), `${of}-v1.0.min.json`), "utf8"));
}

async function answer(question) {
  if (question.kind === "schema") {
    return { schema: schema(question.of) };
  }
  try {
    return { errors: await judge(question) };
  } catch (thrown) {
    return { errors: [{ message: `thrown: ${thrown?.message}`, line: 0, column: 0 }] };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}
