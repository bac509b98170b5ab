// A receiver of callbacks on node:http, without a package. Started as
//   WEBHOOK_SECRET=whsec_… PORT=9000 STORE=/var/lib/callbacks node receiver.mjs
// STORE is a folder that is there, on a disk that stays.
import { createHash, createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { existsSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";

const key = Buffer.from((process.env.WEBHOOK_SECRET ?? "").replace(/^whsec_/, ""), "base64");
if (key.length < 24) throw new Error("WEBHOOK_SECRET is not a signing secret"); // anybody could sign with an empty one
const folder = process.env.STORE;
if (!folder) throw new Error("STORE is not a folder");

const maxAge = 5 * 60; // seconds, ahead too
const maxBody = 8 << 20; // bytes

// verify says whether the bytes came from who has the secret, within five minutes.
function verify(headers, body) {
  const { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": signatures } = headers;
  if (!id || !signatures || !/^\d+$/.test(at ?? "")) return false;
  if (Math.abs(Date.now() / 1000 - Number(at)) > maxAge) return false;
  const want = createHmac("sha256", key).update(`${id}.${at}.`).update(body).digest();
  return signatures.split(" ").some((signature) => { // while a secret is being changed there are two
    const [version, text = ""] = signature.split(",");
    const got = Buffer.from(text, "base64");
    return version === "v1" && got.length === want.length && timingSafeEqual(got, want);
  });
}

// parse reads what was verified: crawls and report downloads send forms, everything else JSON.
function parse(contentType, body) {
  const form = contentType === "application/x-www-form-urlencoded";
  return form ? Object.fromEntries(new URLSearchParams(body.toString())) : JSON.parse(body);
}

// store keeps a callback until it is worked on, elsewhere and later: once, in a file of its ref. Put a row into a table
// here, with ref as its unique key, and it is once on any number of machines too.
async function store(ref, event, body) {
  const name = join(folder, `${createHash("sha256").update(ref).digest("hex")}.json`);
  if (existsSync(name)) return;
  const made = join(folder, `new-${randomUUID()}`); // it has its name once all of it is on the disk: what has failed before was not there
  try {
    const file = await open(made, "wx");
    try {
      await file.writeFile(JSON.stringify({ ref, event, body }));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(made, name);
  } finally {
    await rm(made, { force: true });
  }
}

// read returns the bytes as they came: what a framework has parsed and written again is signed no more.
async function read(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    if ((size += part.length) > maxBody) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

async function answer(request) {
  const { headers } = request;
  const body = await read(request);
  if (body === null) return 413;
  if (!verify(headers, body)) return 401;
  if (headers["x-callback-test"] !== "true") {
    await store(headers["webhook-id"], headers["x-callback-event"], parse(headers["content-type"], body));
  }
  return 204;
}

const server = createServer((request, response) => {
  answer(request).then((status) => response.writeHead(status).end(), (error) => {
    console.error(error);
    response.writeHead(500).end(); // it comes again
  });
});
server.listen(Number(process.env.PORT ?? 9000), "127.0.0.1", () => {
  console.log(`listens on http://127.0.0.1:${server.address().port}`);
});
