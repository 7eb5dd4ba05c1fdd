/**
 * Stands in for the one part of AWS's Node runtime that has to be compiled: `rapid-client.node`, which speaks the
 * Runtime API over libcurl. As there, `done` and `error` return once they are sent, and don't look at the answer.
 */
const { request } = require("node:http");
const { Module } = require("node:module");
const { isMainThread, parentPort, Worker } = require("node:worker_threads");

const BASE = "/2018-06-01/runtime/invocation/";
const [host, port] = (process.env.AWS_LAMBDA_RUNTIME_API ?? "").split(":");

function call(method, path, headers = {}, body = "") {
  return new Promise((resolve, reject) => {
    const length = { "Content-Length": Buffer.byteLength(body) };
    const sent = request({ host, port, method, path: BASE + path, headers: { ...length, ...headers } });
    sent.on("error", reject);
    sent.on("response", (res) => {
      let text = "";
      res.setEncoding("utf8");
      res.on("error", reject);
      res.on("data", (chunk) => {
        text += chunk;
      });
      res.on("end", () => resolve({ bodyJson: text, headers: res.headers }));
    });
    sent.end(body);
  });
}

if (isMainThread) {
  const done = new Int32Array(new SharedArrayBuffer(4));
  const sender = new Worker(__filename, { execArgv: [] });
  sender.unref();
  const send = (path, headers, body) => {
    Atomics.store(done, 0, 0);
    sender.postMessage({ path, headers, body, done });
    Atomics.wait(done, 0, 0);
  };
  const json = { "Content-Type": "application/json" };
  const client = {
    next: () => call("GET", "next"),
    done: (id, body) => send(`${id}/response`, json, body),
    error(id, body, xray) {
      const type = { "Lambda-Runtime-Function-Error-Type": JSON.parse(body).errorType ?? "" };
      send(`${id}/error`, { ...json, ...type, "Lambda-Runtime-Function-XRay-Error-Cause": xray }, body);
    },
  };
  const load = Module._load;
  Module._load = (name, ...more) => (name === "./rapid-client.node" ? client : load(name, ...more));
} else {
  parentPort.on("message", async ({ path, headers, body, done }) => {
    await call("POST", path, headers, body).catch(() => {});
    Atomics.store(done, 0, 1);
    Atomics.notify(done, 0);
  });
}
