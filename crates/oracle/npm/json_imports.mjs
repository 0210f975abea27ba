// Lets packages import JSON without saying that it is JSON, as @actions/workflow-parser does.
//
// It counts for what is imported dynamically after this module.

import { register } from "node:module";

const hook = `export async function load(url, context, next) {
  return next(url, url.endsWith(".json") ? { ...context, importAttributes: { type: "json" } } : context);
}
export async function resolve(name, context, next) {
  const found = await next(name, context);
  return found.url.endsWith(".json") ? { ...found, importAttributes: { type: "json" } } : found;
}`;
register(`data:text/javascript,${encodeURIComponent(hook)}`, import.meta.url);
