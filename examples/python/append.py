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


def setting(name):
    """What the environment says; without it the program ends with how to have it."""
    if os.environ.get(name):
        return os.environ[name]
    sys.exit(
        f"{name} is not set. For a local cloud, in Wharf's folder: eval \"$(npm run --silent env)\"; "
        "for a deployment npm run admin -- create-client prints it."
    )


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


class Lease:
    """A lock that is held: a thread renews it each third of its life, until it is given back or gone."""

    def __init__(self, session, lock, grant):
        self.session, self.lock, self.grant = session, lock, grant
        # What every write must carry.
        self.fence = {"Lock-Token": grant["lock_token"], "If-Match": f'"{grant["version_id"]}"'}
        self.done, self.lost = threading.Event(), None
        threading.Thread(target=self.keep, daemon=True).start()

    def keep(self):
        wait = self.grant["renew_after_seconds"]
        ends = time.monotonic() + 3 * wait
        if self.grant.get("provisional"):
            wait = 0  # Who had to wait has 10 s, and all of the lease with the first renewal.
        while not self.done.wait(wait):
            asked = time.monotonic()
            renewed, why, may_pass = self.renew()
            if renewed:
                wait = renewed["renew_after_seconds"]
                ends = asked + 3 * wait
            elif may_pass and time.monotonic() < ends:
                wait = 1  # The lease still lives.
            elif not self.done.is_set():
                self.lost = why
                print(f"The lock is gone: {why}. Read the file anew before you write it.", file=sys.stderr)
                return

    def renew(self):
        """The answer; or none, why, and whether asking again may be of use."""
        try:
            answer = self.session.post(f"{self.lock}/renew", json={"lock_token": self.grant["lock_token"]}, timeout=10)
        except requests.RequestException as error:
            return None, f"no renewal came through ({error})", True
        if answer.ok:
            return answer.json(), None, True
        why = f"its renewal was answered {answer.status_code} {answer.text}"
        return None, why, answer.status_code == 429 or answer.status_code >= 500

    def require(self):
        """Ends the program where the lock is gone: what was read under it may be another's by now."""
        if self.lost:
            sys.exit(1)


@contextmanager
def locked(session, file_id, name):
    """Holds the lock while the block runs."""
    lock = f"{origin}/files/{file_id}/lock"
    lease = Lease(session, lock, acquire(session, lock, name))
    try:
        yield lease
    finally:
        lease.done.set()
        if not lease.lost:
            session.delete(lock, headers={"Lock-Token": lease.fence["Lock-Token"]}, timeout=30)


def main(file_id, line):
    session = requests.Session()
    answer = session.post(
        f"{origin}/auth/token",
        json={"client_id": setting("WHARF_CLIENT_ID"), "client_secret": setting("WHARF_CLIENT_SECRET")},
        timeout=30,
    )
    session.headers["Authorization"] = f"Bearer {checked(answer).json()['access_token']}"

    with locked(session, file_id, f"append-{os.getpid()}") as lease:
        file = checked(session.get(f"{origin}/files/{file_id}", timeout=30)).json()
        content = checked(session.get(f"{origin}/files/{file_id}/content", timeout=30))
        lease.require()
        written = session.post(
            f"{origin}/files/upload",
            files={"file": (file["name"], content.content + line.encode() + b"\n", file["content_type"])},
            # A new version of this file, wherever it is, and no link.
            data={"file_id": file_id, "share": "false"},
            headers=lease.fence,
            timeout=60,
        )
        # 409 lock_lost or 412 version_mismatch: another wrote meanwhile. Stop; read it anew before writing again.
        print(checked(written).json()["version_id"])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    main(*sys.argv[1:])
