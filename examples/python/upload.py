"""Upload a file of any size and print a link that expires.

    pip install requests
    WHARF_URL=http://localhost:4400 WHARF_CLIENT_ID=cli_… WHARF_CLIENT_SECRET=whs_… python upload.py FILE
"""

import os
import sys
import time

import requests

ORIGIN = os.environ.get("WHARF_URL", "http://localhost:4400").rstrip("/") + "/v1"
WINDOW = 32  # parts whose URLs come at once; each works for an hour at most


def setting(name):
    """What the environment says; without it the program ends with how to have it."""
    if os.environ.get(name):
        return os.environ[name]
    sys.exit(
        f"{name} is not set. For a local cloud, in Wharf's folder: eval \"$(npm run --silent env)\"; "
        "for a deployment npm run admin -- create-client prints it."
    )


class Wharf:
    """Calls the API with a token that is asked for anew before it runs out."""

    def __init__(self):
        self.session = requests.Session()
        self.good_until = 0.0

    def call(self, method, path, body=None):
        if time.monotonic() > self.good_until:
            secret = {"client_id": setting("WHARF_CLIENT_ID"), "client_secret": setting("WHARF_CLIENT_SECRET")}
            token = checked(self.session.post(f"{ORIGIN}/auth/token", json=secret, timeout=30)).json()
            self.session.headers["Authorization"] = f"Bearer {token['access_token']}"
            self.good_until = time.monotonic() + token["expires_in"] / 2
        for _ in range(20):
            answer = self.session.request(method, ORIGIN + path, json=body, timeout=60)
            # 503: S3 is at work, or something is busy; the same request again is safe for all that is called here.
            if answer.status_code not in (429, 503):
                break
            time.sleep(int(answer.headers.get("Retry-After", 1)))
        return checked(answer).json()


def checked(answer):
    """The answer, where it is a good one; else the program ends with what the API says of it."""
    if answer.ok:
        return answer
    problem = answer.json() if "json" in answer.headers.get("Content-Type", "") else {}
    sys.exit(f"{answer.status_code}: {problem.get('detail') or problem.get('error_description') or answer.text}")


class Slice:
    """A piece of an open file as the body of a request: requests reads it as it sends."""

    def __init__(self, file, length):
        self.file, self.left = file, length

    def __len__(self):
        return self.left

    def read(self, size=-1):
        piece = self.file.read(self.left if size < 0 else min(size, self.left))
        self.left -= len(piece)
        return piece


def send(url, headers, file, start, length):
    """PUTs one part to S3, which gets no token; a part may be sent again."""
    for attempt in range(5):
        file.seek(start)
        try:
            answer = requests.put(url, data=Slice(file, length) if length else b"", headers=headers, timeout=300)
            if answer.ok:
                return
            if answer.status_code < 500:
                sys.exit(f"S3 answered {answer.status_code}: {answer.text}")
        except requests.ConnectionError:
            pass
        time.sleep(2**attempt)
    sys.exit("S3 could not be reached five times; run the program again.")


def main(path):
    wharf, size = Wharf(), os.path.getsize(path)
    # `part_size` follows from the size: S3 takes 10,000 parts. The link's seconds are judged before anything is sent.
    terms = {"filename": os.path.basename(path), "size": size, "expire_in": 3600}
    upload = wharf.call("POST", "/uploads", terms)
    part_size, count = upload["part_size"], upload["part_count"]
    with open(path, "rb") as file:
        for first in range(1, count + 1, WINDOW):
            window = {"first": first, "count": min(WINDOW, count - first + 1)}
            for part in wharf.call("POST", f"/uploads/{upload['upload_id']}/parts", window)["parts"]:
                start = (part["part_number"] - 1) * part_size
                send(part["url"], part["headers"], file, start, min(part_size, size - start))
    print(wharf.call("POST", f"/uploads/{upload['upload_id']}/finalize", {})["share_url"])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    main(sys.argv[1])
