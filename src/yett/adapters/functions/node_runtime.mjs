// Our client of AWS's Runtime API for Node.js: what runs a function of a nodejs runtime.
//
// The handler's name is in _HANDLER, the code in LAMBDA_TASK_ROOT. What handlers see and what they answer follow
// https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html and .../nodejs-exceptions.html; the calls
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.

import { existsSync, writeSync } from "node:fs";
import { Agent, request } from "node:http";
import { createRequire } from "node:module";
import { resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { format, types } from "node:util";

const STDOUT = 1;
const [host, ...path] = process.env.AWS_LAMBDA_RUNTIME_API.split("/");
const [hostname, port] = host.split(":");
const BASE = `/${[...path, "2018-06-01/runtime"].join("/")}`;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

let requestId; // of the invocation that log lines belong to

// -- The Runtime API

function call(method, target, body, headers = {}) {
  return new Promise((done, failed) => {
    const sent = body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) };
    const options = { agent, hostname, port, method, path: BASE + target, headers: { ...headers, ...sent } };
    const asked = request(options, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => done({ headers: answer.headers, body: Buffer.concat(parts).toString("utf8") }));
      answer.on("error", failed);
    });
    asked.on("error", failed);
    asked.end(body);
  });
}

const postError = (target, failure) =>
  call("POST", target, JSON.stringify(failure), {
    "Content-Type": "application/json",
    "Lambda-Runtime-Function-Error-Type": "Unhandled",
  });

// -- Errors

/** An error that Lambda has a type of its own for. */
class Fault extends Error {
  constructor(type, message) {
    super(message);
    this.name = type;
  }
}

function isError(value) {
  return types.isNativeError(value) || (value !== null && typeof value === "object" && value instanceof Error);
}

/** errorType, errorMessage and trace, as Lambda answers them. */
function describe(error) {
  if (!isError(error)) {
    return { errorType: error === null ? "object" : typeof error, errorMessage: String(error), trace: [] };
  }
  return {
    errorType: String(error.name),
    errorMessage: String(error.message),
    trace: typeof error.stack === "string" ? error.stack.split("\n") : [],
  };
}

// -- The log: one line each, carriage returns within

function print(level, message) {
  const line = `${new Date().toISOString()}\t${requestId ?? "undefined"}\t${level}\t${message.replace(/\n/g, "\r")}\n`;
  const bytes = Buffer.from(line);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(STDOUT, bytes, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

function logFailure(title, error) {
  const { errorType, errorMessage, trace } = describe(error);
  const further = isError(error) ? Object.fromEntries(Object.entries(error).filter(([key]) => key !== "name")) : {};
  const told = { errorType, errorMessage, ...further, stack: trace };
  let text;
  try {
    text = JSON.stringify(told);
  } catch {
    text = JSON.stringify({ errorType, errorMessage, stack: trace });
  }
  print("ERROR", `${title}\t${text}`);
}

const LEVELS = { trace: "TRACE", debug: "DEBUG", info: "INFO", log: "INFO", warn: "WARN", error: "ERROR" };
for (const [name, level] of Object.entries(LEVELS)) {
  console[name] = (...values) => print(level, format(...values));
}

// -- The handler

/** The path of the module without its ending, and the names that lead to the function within. */
function parseHandler(text) {
  const slash = text.lastIndexOf("/") + 1;
  const [, stem, names] = /^([^.]*)\.(.+)$/.exec(text.slice(slash)) ?? [];
  if (!stem || !names || text.includes("..")) throw new Fault("Runtime.MalformedHandlerName", "Bad handler");
  return { module: text.slice(0, slash) + stem, names: names.split(".") };
}

async function load(root, module) {
  const stem = resolve(root, module);
  if (!stem.startsWith(root + sep)) throw new Fault("Runtime.MalformedHandlerName", "Bad handler");
  const require = createRequire(resolve(root, "package.json"));
  try {
    for (const ending of ["", ".js", ".mjs", ".cjs"]) {
      if (!existsSync(stem + ending) || (ending === "" && !/\.[cm]?js$/.test(stem))) continue;
      if (ending === ".cjs") return require(stem + ending);
      const loaded = await import(pathToFileURL(stem + ending).href);
      return loaded["module.exports"] ?? loaded;
    }
    return require(stem); // a directory, or an error with Node's own words
  } catch (error) {
    if (error instanceof SyntaxError) throw wrap("Runtime.UserCodeSyntaxError", error);
    const missing = ["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"];
    if (missing.includes(error?.code)) throw wrap("Runtime.ImportModuleError", error);
    throw error;
  }
}

/** The error under Lambda's name for it: its own goes into the message. */
function wrap(type, error) {
  const fault = new Fault(type, `${error.name}: ${error.message}`);
  fault.stack = error.stack;
  return fault;
}

async function findHandler(root, text) {
  const { module, names } = parseHandler(text);
  const loaded = await load(root, module);
  const seek = (from) => names.reduce((value, name) => value?.[name], from);
  const found = seek(loaded) ?? seek(loaded?.default);
  if (found === undefined) throw new Fault("Runtime.HandlerNotFound", `${text} is undefined or not exported`);
  if (typeof found !== "function") throw new Fault("Runtime.HandlerNotFound", `${text} is not a function`);
  return found;
}

/** What the handler gives: by its promise, by its callback or the context's, or nothing once nothing is left to run. */
function run(handler, event, context) {
  return new Promise((done, failed) => {
    let finish = (error, value) => {
      finish = () => {};
      process.removeListener("beforeExit", idle);
      if (error !== null && error !== undefined) failed(error);
      else done({ value, waits: context.callbackWaitsForEmptyEventLoop });
    };
    const finishNow = (error, value) => {
      context.callbackWaitsForEmptyEventLoop = false;
      finish(error, value);
    };
    const idle = () => finishNow(null, null);
    process.once("beforeExit", idle);
    context.done = finishNow;
    context.succeed = (value) => finishNow(null, value);
    context.fail = (error) => finishNow(error ?? "handled");
    const callback = (error, value) => finish(error, value);
    const given = handler(event, context, callback);
    if (typeof given?.then === "function") {
      context.callbackWaitsForEmptyEventLoop = false;
      given.then((value) => finish(null, value), (error) => finish(error ?? new Error(String(error))));
    }
  });
}

function makeContext(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: requestId,
    getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
  };
}

function render(value) {
  try {
    return JSON.stringify(value === undefined ? null : value) ?? "null";
  } catch (error) {
    throw wrap("Runtime.MarshalError", error);
  }
}

/** Wait until the event loop has nothing left, as a callback's answer does unless the handler says otherwise. */
const emptied = () => new Promise((done) => process.once("beforeExit", done));

async function answerOne(handler) {
  const { headers, body } = await call("GET", "/invocation/next");
  requestId = headers["lambda-runtime-aws-request-id"];
  const trace = headers["lambda-runtime-trace-id"];
  if (trace === undefined) delete process.env._X_AMZN_TRACE_ID;
  else process.env._X_AMZN_TRACE_ID = trace;
  let answer;
  try {
    const context = makeContext(headers);
    const { value, waits } = await run(handler, JSON.parse(body), context);
    if (waits) await emptied();
    answer = render(value);
  } catch (error) {
    logFailure("Invoke Error ", error);
    await postError(`/invocation/${requestId}/error`, describe(error));
    return;
  }
  await call("POST", `/invocation/${requestId}/response`, answer, { "Content-Type": "application/json" });
}

/** An error that nobody caught: it answers the invocation, and ends the process. */
async function die(title, error) {
  logFailure(title, error);
  try {
    const target = requestId === undefined ? "/init/error" : `/invocation/${requestId}/error`;
    agent.maxSockets = 2; // the other may be waiting
    await postError(target, describe(error));
  } finally {
    process.exit(129);
  }
}

process.on("uncaughtException", (error) => die("Uncaught Exception ", error));
process.on("unhandledRejection", (reason) => {
  const fault = new Fault("Runtime.UnhandledPromiseRejection", isError(reason) ? String(reason) : format(reason));
  if (isError(reason)) fault.stack = reason.stack;
  die("Unhandled Promise Rejection ", fault);
});

let handler;
try {
  handler = await findHandler(resolve(process.env.LAMBDA_TASK_ROOT), process.env._HANDLER);
} catch (error) {
  logFailure("Uncaught Exception ", error);
  await postError("/init/error", describe(error));
  process.exit(1);
}
// No loop of one endless promise: an event loop that has run empty is how an invocation may end.
const next = () => answerOne(handler).then(() => setImmediate(next), (error) => die("Uncaught Exception ", error));
next();
