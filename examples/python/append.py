"""Append a line to a text file that other agents write too, under its lock.

    pip install requests
    WHARF_URL=http://localhost:4400 WHARF_CLIENT_ID=cli_… WHARF_CLIENT_SECRET=whs_… python append.py FILE_ID LINE
"""

import os
import sys
import threading
import time
import uuid
from contextlib import contextmanager

import requests

origin = os.environ.get("WHARF_URL", "http://localhost:4400").rstrip("/") + "/v1"


def checked(answer):
    """The answer, where it is a good one; else the program ends with what the API says of it."""
    if answer.ok:
        return answer
    problem = answer.json() if "json" in answer.headers.get("Content-Type", "") else {}
    sys.exit(f"{answer.status_code}: {problem.get('detail') or problem.get('error_description') or answer.text}")


def acquire(session, lock, name, patience=600):
    """Takes the lock, waiting for its holder; the same Idempotency-Key until it is answered, so that no grant is lost."""
    deadline, key = time.monotonic() + patience, str(uuid.uuid4())
    while True:
        # Where another holds it the API answers 307 to where callers wait; requests follows.
        answer = session.post(
            lock,
            json={"ttl_seconds": 60, "wait_seconds": 20, "client": name},
            headers={"Idempotency-Key": key},
            timeout=40,
        )
        if answer.status_code not in (409, 423, 429, 503) or time.monotonic() > deadline:
            return checked(answer).json()
        time.sleep(min(int(answer.headers.get("Retry-After", 1)), 5))


@contextmanager
def locked(session, file_id, name):
    """Holds the lock, renewing it each third of its life; gives the headers that every write must carry."""
    lock = f"{origin}/files/{file_id}/lock"
    grant = acquire(session, lock, name)
    token, done = grant["lock_token"], threading.Event()

    def keep():
        # Who had to wait has 10 s, and all of the lease with the first renewal.
        wait = 0 if grant.get("provisional") else grant["renew_after_seconds"]
        while not done.wait(wait):
            try:
                renewed = session.post(f"{lock}/renew", json={"lock_token": token}, timeout=10)
            except requests.RequestException:
                wait = 1  # The lease has time for two more.
                continue
            if renewed.status_code == 409:
                return  # Lost: the writes of this holder are refused from here on.
            wait = renewed.json()["renew_after_seconds"] if renewed.ok else 1

    threading.Thread(target=keep, daemon=True).start()
    try:
        yield {"Lock-Token": token, "If-Match": f'"{grant["version_id"]}"'}
    finally:
        done.set()
        session.delete(lock, headers={"Lock-Token": token}, timeout=30)


def main(file_id, line):
    session = requests.Session()
    answer = session.post(
        f"{origin}/auth/token",
        json={"client_id": os.environ["WHARF_CLIENT_ID"], "client_secret": os.environ["WHARF_CLIENT_SECRET"]},
        timeout=30,
    )
    session.headers["Authorization"] = f"Bearer {checked(answer).json()['access_token']}"

    with locked(session, file_id, f"append-{os.getpid()}") as fence:
        file = checked(session.get(f"{origin}/files/{file_id}", timeout=30)).json()
        content = checked(session.get(f"{origin}/files/{file_id}/content", timeout=30))
        written = session.post(
            f"{origin}/files/upload",
            files={"file": (file["name"], content.content + line.encode() + b"\n", file["content_type"])},
            # A new version of this file, wherever it is, and no link.
            data={"file_id": file_id, "share": "false"},
            headers=fence,
            timeout=60,
        )
        # 409 lock_lost or 412 version_mismatch: another wrote meanwhile. Stop; read it anew before writing again.
        print(checked(written).json()["version_id"])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    main(*sys.argv[1:])
