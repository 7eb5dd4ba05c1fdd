"""A webhook receiver in Flask that checks the Standard Webhooks signature: who sent it, what, and when.

    pip install flask
    WHARF_WEBHOOK_SECRET=whsec_… python flask_receiver.py
"""

import base64
import hashlib
import hmac
import json
import os
import time
from collections import OrderedDict

from flask import Flask, abort, request

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 65536
key = base64.b64decode(os.environ.get("WHARF_WEBHOOK_SECRET", "").removeprefix("whsec_"), validate=True)
if not key:
    raise SystemExit("WHARF_WEBHOOK_SECRET is not set: it is the `secret` that POST /v1/webhooks answers")
seen = OrderedDict()  # deliveries are repeated when an answer gets lost: do each id once, and keep the latest


def verified():
    """The event, if Wharf sent it within the last 5 minutes; else the answer is 401."""
    body = request.get_data()  # the bytes as they came, before any JSON parser
    sent = request.headers.get("webhook-timestamp", "")
    signed = f"{request.headers.get('webhook-id', '')}.{sent}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    # As bytes: compare_digest refuses text that isn't ASCII, which a header may well hold.
    given = request.headers.get("webhook-signature", "").encode().split(b" ")
    if not any(hmac.compare_digest(b"v1," + expected, one) for one in given):
        abort(401)
    # The time is signed, so it is Wharf's own; whatever was recorded and is sent again is too old.
    if abs(time.time() - int(sent)) > 300:
        abort(401)
    return json.loads(body)


@app.post("/webhooks/wharf")
def receive():
    # From the body, which is signed; X-Event-Type is not.
    event = verified()
    if event["id"] not in seen:
        seen[event["id"]] = True
        if len(seen) > 10000:
            seen.popitem(last=False)
        if event["type"] == "upload_completed":
            print("uploaded", event["file_id"], flush=True)
    return "", 204


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ.get("PORT", "8080")))
