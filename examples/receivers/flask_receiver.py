"""A webhook receiver in Flask that checks X-Signature: HMAC-SHA256 of the raw body under the secret's UTF-8, in hex.

    pip install flask
    WHARF_WEBHOOK_SECRET=whsec_… python flask_receiver.py
"""

import hashlib
import hmac
import os

from flask import Flask, abort, request

app = Flask(__name__)
secret = os.environ["WHARF_WEBHOOK_SECRET"].encode()
seen = set()  # deliveries are repeated when an answer gets lost: do each webhook-id once


@app.post("/webhooks/wharf")
def receive():
    body = request.get_data()  # the bytes as they came, before any JSON parser
    expected = hmac.new(secret, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers.get("X-Signature", "")):
        abort(400)
    if request.headers["webhook-id"] not in seen:
        seen.add(request.headers["webhook-id"])
        if request.headers["X-Event-Type"] == "upload_completed":
            print("uploaded", request.get_json()["file_id"], flush=True)
    return "", 204


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ.get("PORT", "8080")))
