"""Uploads by the generated client: `python upload.py <origin> <client id> <secret>`; prints what it read back."""

import io
import os
import sys

import httpx
from wharf_client import AuthenticatedClient, Client
from wharf_client.api.files import get_content, get_file
from wharf_client.api.tokens import issue_token
from wharf_client.api.uploads import finalize_upload, start_upload, upload_file
from wharf_client.models import (
    FileDetail,
    FinalizeUploadRequest,
    FinishedUpload,
    PartsMissingProblem,
    StartedUpload,
    StartUploadRequest,
    Token,
    TokenForm,
    TokenFormGrantType,
    TokenRequest,
    UploadFileRequest,
)
from wharf_client.types import File

origin, client_id, secret = sys.argv[1:]
credentials = {"client_id": client_id, "client_secret": secret}


def token(body):
    """Either of the two ways to ask."""
    answer = issue_token.sync(client=Client(base_url=origin), body=body)
    assert isinstance(answer, Token), answer
    return answer.access_token


token(TokenRequest(**credentials))
bearer = token(TokenForm(grant_type=TokenFormGrantType.CLIENT_CREDENTIALS, **credentials))
api = AuthenticatedClient(base_url=origin, token=bearer, follow_redirects=True)


def send_form(content):
    file = File(payload=io.BytesIO(content), file_name="form.bin", mime_type="application/octet-stream")
    body = UploadFileRequest(file=file, path="generated/python", expire_in=600)
    return upload_file.sync(client=api, body=body)


def send_parts(content):
    body = StartUploadRequest(filename="generated/python/parts.bin", size=len(content), part_size=5_242_880)
    started = start_upload.sync(client=api, body=body)
    assert isinstance(started, StartedUpload), started
    assert len(started.parts) == 2
    early = finalize_upload.sync(started.upload_id, client=api, body=FinalizeUploadRequest())
    assert isinstance(early, PartsMissingProblem), early
    assert early.missing_parts == [[1, 2]], early
    for part in started.parts:
        start = (part.part_number - 1) * started.part_size
        chunk = content[start : start + started.part_size]
        httpx.put(part.url, content=chunk, headers=part.headers.to_dict()).raise_for_status()
    return finalize_upload.sync(started.upload_id, client=api, body=FinalizeUploadRequest())


for send, size in ((send_form, 100_000), (send_parts, 6_000_000)):
    content = os.urandom(size)
    finished = send(content)
    assert isinstance(finished, FinishedUpload), finished
    assert get_content.sync_detailed(finished.file_id, client=api).content == content
    file = get_file.sync(finished.file_id, client=api)
    assert isinstance(file, FileDetail), file
    print(finished.name, file.size)
