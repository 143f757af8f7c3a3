// README's walk through the API, with the client that was generated for TypeScript.

import createClient from "openapi-fetch";

import type { components, paths } from "./schema.js";

type Registration = components["schemas"]["Registration"];

declare const process: { argv: string[] };

const baseUrl = process.argv[2];
const anyone = createClient<paths>({ baseUrl });
const now = Date.now();

function found<Data>(answer: { data?: Data; error?: { type: string } }): Data {
  if (answer.data === undefined) {
    throw new Error(answer.error?.type);
  }
  return answer.data;
}

async function signedUp(credentials: Registration) {
  const user = found(await anyone.POST("/api/auth/register", { body: credentials }));
  const tokens = found(await anyone.POST("/api/auth/login", { body: credentials }));
  const headers = { Authorization: `Bearer ${tokens.access_token}` };
  return { id: user.id, api: createClient<paths>({ baseUrl, headers }) };
}

const ann = await signedUp({ email: `ann.${now}@example.org`, password: "three wise green owls" });
const bob = await signedUp({ email: `bob.${now}@example.org`, password: "seven slow blue boats" });

const made = found(await ann.api.POST("/api/tasks", { body: { title: "Write the report", priority: "high" } }));
const path = { task_id: made.id };

const pending = await ann.api.GET("/api/{owner_id}/tasks", {
  params: { path: { owner_id: ann.id }, query: { status: ["pending"] } },
});
console.log(found(pending).total);
console.log(found(await ann.api.GET("/api/tasks/{task_id}", { params: { path } })).title);
console.log(found(await ann.api.POST("/api/tasks/{task_id}/complete", { params: { path } })).status);

const refused = [
  await bob.api.GET("/api/tasks/{task_id}", { params: { path } }),
  await bob.api.GET("/api/{owner_id}/tasks/{task_id}", { params: { path: { owner_id: bob.id, ...path } } }),
  await bob.api.GET("/api/{owner_id}/tasks/{task_id}", { params: { path: { owner_id: ann.id, ...path } } }),
  await anyone.GET("/api/tasks/{task_id}", { params: { path } }),
];
for (const { error, response } of refused) {
  console.log(response.status, error?.type);
}

// The document knows what can be refused with what, and so does the compiler.
const type: "/docs/problems#wrong-credentials" = (null as unknown as components["schemas"]["WrongCredentialsProblem"])
  ?.type;
// @ts-expect-error - a task needs a title
const untitled: components["schemas"]["TaskBody"] = { priority: "high" };
void [type, untitled];
