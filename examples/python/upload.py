"""Upload a file of any size in 5 MiB chunks and print a link that expires.

    pip install requests
    WHARF_URL=http://localhost:4400 WHARF_CLIENT_ID=cli_… WHARF_CLIENT_SECRET=whs_… python upload.py FILE
"""

import os
import sys

import requests

CHUNK = 5 * 1024 * 1024

origin = os.environ.get("WHARF_URL", "http://localhost:4400") + "/v1"
path = sys.argv[1]

session = requests.Session()
answer = session.post(
    f"{origin}/auth/token",
    json={"client_id": os.environ["WHARF_CLIENT_ID"], "client_secret": os.environ["WHARF_CLIENT_SECRET"]},
    timeout=30,
)
answer.raise_for_status()
session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

answer = session.post(
    f"{origin}/uploads",
    json={"filename": os.path.basename(path), "size": os.path.getsize(path)},
    timeout=30,
)
answer.raise_for_status()
upload = f"{origin}/uploads/{answer.json()['upload_id']}"

with open(path, "rb") as file:
    offset = 0
    while chunk := file.read(CHUNK):
        # The API answers 307; requests sends the chunk on to S3 and leaves the token behind.
        # With its offset a chunk may be sent again. Not as Content-Range: S3 would get it too, and refuses it.
        session.put(
            f"{upload}/chunks",
            params={"offset": offset},
            data=chunk,
            headers={"Content-Type": "application/octet-stream"},
            timeout=300,
        ).raise_for_status()
        offset += len(chunk)

answer = session.post(f"{upload}/finalize", json={"expire_in": 3600}, timeout=60)
answer.raise_for_status()
print(answer.json()["share_url"])
