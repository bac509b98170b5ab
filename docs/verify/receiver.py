"""A receiver of callbacks on http.server, without a package. Started as

    WEBHOOK_SECRET=whsec_… PORT=9000 STORE=/var/lib/callbacks python3 receiver.py

STORE is a folder that is there, on a disk that stays.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import time
import traceback
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

KEY = base64.b64decode(os.environ.get("WEBHOOK_SECRET", "").removeprefix("whsec_"))
if len(KEY) < 24:
    raise SystemExit("WEBHOOK_SECRET is not a signing secret")  # anybody could sign with an empty one

STORE = Path(os.environ["STORE"])
MAX_AGE = 5 * 60  # seconds, ahead too
MAX_BODY = 8 << 20  # bytes


def verify(headers, body):
    """Whether the bytes came from who has the secret, within five minutes."""
    ref, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not ref or not re.fullmatch("[0-9]{1,12}", at) or abs(time.time() - int(at)) > MAX_AGE:
        return False
    digest = hmac.new(KEY, f"{ref}.{at}.".encode() + body, hashlib.sha256).digest()
    want = b"v1," + base64.b64encode(digest)
    signatures = headers.get("webhook-signature", "").split(" ")  # while a secret is being changed there are two
    return any(hmac.compare_digest(want, got.encode()) for got in signatures)


def parse(content_type, body):
    """Reads what was verified: crawls and report downloads send forms, everything else JSON."""
    if content_type == "application/x-www-form-urlencoded":
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    return json.loads(body)


def store(ref, event, body):
    """Keeps a callback until it is worked on, elsewhere and later: once, in a file of its ref. Put a row into a table here,
    with ref as its unique key, and it is once on any number of machines too."""
    name = STORE / (hashlib.sha256(ref.encode()).hexdigest() + ".json")
    if name.exists():
        return
    new = STORE / f"new-{uuid.uuid4()}"  # it has its name once all of it is on the disk: what has failed before was not there
    try:
        with new.open("x") as file:
            json.dump({"ref": ref, "event": event, "body": body}, file)
            file.flush()
            os.fsync(file.fileno())
        new.rename(name)
    finally:
        new.unlink(missing_ok=True)


class Receiver(BaseHTTPRequestHandler):
    timeout = 30  # seconds, of who sends nothing

    def do_POST(self):
        try:
            status = self.answer()
        except Exception:
            traceback.print_exc()
            status = 500  # it comes again
        self.send_response(status)
        self.end_headers()

    def answer(self):
        size = int(self.headers.get("Content-Length", 0))
        if size > MAX_BODY:
            return 413
        body = self.rfile.read(size)  # as it came: what a framework has parsed and written again is signed no more
        if not verify(self.headers, body):
            return 401
        if self.headers.get("X-Callback-Test") != "true":
            store(self.headers["webhook-id"], self.headers["X-Callback-Event"], parse(self.headers["Content-Type"], body))
        return 204


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", 9000))), Receiver)
print(f"listens on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
