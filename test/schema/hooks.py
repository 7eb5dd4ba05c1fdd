"""What the API asks of a request and JSON Schema can't say, so that what is generated as good is good.

Loaded by schemathesis (SCHEMATHESIS_HOOKS). What is generated as bad is sent as it is.
"""

import itertools
import json
import os
import re
import unicodedata
import uuid
from datetime import datetime, timedelta, timezone

import schemathesis
from schemathesis.generation.case import Case
from schemathesis.transport.serialization import contains_binary

# Ids of things that are there, and an address for deliveries: run.ts made them.
WORLD = json.loads(os.environ["WHARF_WORLD"])

# contract/names.ts, nameProblem: controls, formats, separators, surrogates, private use and unassigned characters.
UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
# Default-ignorable characters of other categories (UAX #44), U+FFFC, U+1D159, and U+FFFD, which stands for bytes that were no UTF-8.
IGNORABLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufffc\ufffd\U0001d159\U000e0000-\U000e0fff]")


def cut(text, size):
    """At most so many bytes of UTF-8, in whole characters."""
    return text.encode("utf-8", "ignore")[:size].decode("utf-8", "ignore")


def name(text):
    """A name of a file or folder."""
    seen = "".join(c for c in unicodedata.normalize("NFC", text) if c != "/" and unicodedata.category(c) not in UNSEEN)
    return cut(IGNORABLE.sub("", seen).strip(), 255).strip().rstrip(". ") or "x"


def path(text):
    """A few names with slashes between them: folder and file have 1,024 bytes and 32 folders together."""
    names = [name(part) for part in text.split("/") if part][:4]
    return "/".join([*names[:1], *[name(cut(one, 4)) for one in names[1:]]]) or "x"


def filename(text):
    """A path of which a first folder doesn't begin as an id does."""
    return re.sub("^[a-z]+_(?=.*/)", "x", path(text), flags=re.DOTALL)


def folder(text):
    """A path that doesn't begin as an id does: from the root on."""
    return text if re.fullmatch("fld_[0-7][0-9A-HJKMNP-TV-Z]{25}|/|", text) else "/" + path(text)


def whole(text):
    """Text without what stands where a character got lost."""
    return re.sub("[\ud800-\udfff\ufffd]", "x", text)


def small(metadata):
    """2,048 bytes of keys and values together."""
    return {key: value and cut(value, 64 - len(key)) for key, value in metadata.items()}


def own(grant):
    """One grants what is the organization's own, as the workspace of run.ts is, and until its holder ends at most."""
    soon = (datetime.now(timezone.utc) + timedelta(hours=12)).isoformat()
    return {**grant, "expires_at": soon, "resource_id": WORLD["ids"]["workspaces"][0]}


def distinct(grants):
    """No terms come twice."""
    return list({json.dumps([one.get("role"), sorted(one.get("actions", []))]): one for one in grants}.values())


VALUES = {
    "filename": filename,
    "name": name,
    "path": folder,
    "folder": folder,
    "password": whole,
    "description": whole,
    "message": whole,
    # lambdas/core/organizations/email-address.ts: a domain is read as a URL's is.
    "email": lambda _: f"{uuid.uuid4().hex}@example.com",
    "tags": lambda tags: list(dict.fromkeys(name(cut(tag, 20)) for tag in tags)),
    "metadata": small,
    # Public names need a resolver, and deliveries would go there; the local cloud takes loopback too.
    "url": lambda _: WORLD["receiver"],
    # None can be made up that leads to an event.
    "folders": lambda _: [],
    # No schema tells of now.
    "expires_at": lambda _: (datetime.now(timezone.utc) + timedelta(days=1)).isoformat(),
    "grants": lambda grants: distinct([own(grant) for grant in grants]),
}


JUDGE = Case._validate_component


def judge(case, location, value, validator):
    """Schemathesis 4.32.5 calls a body that was edited bad where it holds a file, since it can't judge bytes."""
    if isinstance(value, dict) and contains_binary(value):
        value = {key: "bytes" if contains_binary(one) else one for key, one in value.items()}
    return JUDGE(case, location, value, validator)


Case._validate_component = judge

POOLS = {collection: ids for collection, ids in WORLD["ids"].items() if ids}
TURNS = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    fit(case)
    spare(case)


def fit(case):
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if case.path == "/v1/auth/token":
        case.body = {**WORLD["client"], "grant_type": "client_credentials"}
        return
    fit_ids(case.path, case.path_parameters)
    fit_headers(case.headers)
    # Waits would take up the run's time, and 20 s are what is waited where nothing is said.
    if case.path.endswith("/lock/wait") and not isinstance(case.body, dict):
        case.body, case.media_type = {"wait_seconds": 1}, "application/json"
    if case.path.endswith("/chunks"):
        # One after it would show that the one before was too small (5 MiB), and parameters can't forbid each other.
        case.query = {"part": 1}
    elif case.query:
        fit_query(case.query)
    if isinstance(case.body, dict):
        fit_body(case.body)
        fit_principals(case.path, case.body)
        fit_finalize(case.path, case.body)
        fit_transfer(case.path, case.body)
        fit_policy(case.path, case.body)
        if case.path.endswith("/lock/wait"):
            case.body["wait_seconds"] = 1


def spare(case):
    """The workspace that all else is in stays: another is deleted in its place."""
    if case.method == "DELETE" and case.path == "/v1/workspaces/{id}" and case.path_parameters:
        if case.path_parameters.get("id") in WORLD["ids"]["workspaces"]:
            case.path_parameters["id"] = WORLD["doomed"][next(TURNS) // 2 % len(WORLD["doomed"])]


def fit_transfer(path, body):
    """Endpoints go on where their maker keeps what they need: no schema forbids one member by another."""
    if path != "/v1/transfers":
        return
    resource = body.get("resource")
    kind = resource.get("type") if isinstance(resource, dict) else None
    # A link leaves nothing, and a role in an organization is of that alone.
    fits = {"share": (), "organization": ("none", "admin")}.get(kind, ("none", "viewer", "editor", "manager"))
    if body.get("residual_role") not in fits:
        body.pop("residual_role", None)
    if body.get("residual_role") != ("admin" if kind == "organization" else "manager"):
        body.pop("keep", None)
    # It is handed to a person.
    recipient = body.get("to")
    if kind == "organization" and isinstance(recipient, dict) and "organization" in recipient:
        body.pop("to")


def fit_policy(pattern, body):
    """A policy has 3 KB at most, shuts nobody out who sets it, and leaves to others something to do."""
    asked = body.get("act")
    if pattern == "/v1/policies/evaluate" and isinstance(asked, dict) and isinstance(asked.get("name"), str):
        asked["name"] = name(asked["name"])
    policy = body if pattern.endswith("/policy") else body.get("policy") if pattern == "/v1/policies/evaluate" else None
    if not isinstance(policy, dict):
        return
    for section in policy.values():
        for field, value in section.items() if isinstance(section, dict) else ():
            if isinstance(value, list):
                section[field] = value[:3]
    if pattern.endswith("/policy"):
        policy.pop("access", None)
        for section, field in (("links", "allow"), ("retention", "legal_hold"), ("uploads", "allowed_types")):
            if isinstance(policy.get(section), dict):
                policy[section].pop(field, None)


def fit_ids(pattern, parameters):
    """Every other request is about something that is there: `/v1/files/{id}` about a file."""
    # What a part or chunk may be follows from its upload: those of run.ts have no size and no SHA-256.
    always = pattern.endswith(("/parts", "/chunks"))
    turn = next(TURNS)
    for collection, parameter in re.findall(r"/(\w+)/\{(\w+)\}", pattern):
        if not parameters or parameter not in parameters or collection not in POOLS:
            continue
        pool = POOLS[collection]
        # A grant's `resource.id` is taken for the id of any resource, a folder's for a workspace's.
        strays = parameter == "id" and not str(parameters[parameter]).startswith(pool[0].split("_")[0])
        if turn % 2 == 0 or always or strays:
            # A file and its version have one place.
            parameters[parameter] = pool[turn // 2 % len(pool)]


def fit_headers(headers):
    # Where it came before with another request it is 422: a key is chosen anew for each.
    if headers and "Idempotency-Key" in headers:
        headers["Idempotency-Key"] = uuid.uuid4().hex
    # Schemathesis has its own ETags for If-Match (specs/openapi/headers.py), whatever the schema's pattern says.
    if headers and "If-Match" in headers and not re.fullmatch(r'\*|ver_\w+|"ver_\w+(\.[\w-]+)?"', headers["If-Match"]):
        headers["If-Match"] = "*"


def fit_query(query):
    # Only the list itself gives a cursor.
    query.pop("cursor", None)
    query.pop("after", None)
    # Two ways to say one thing: parameters can't forbid each other.
    if "path" in query:
        query.pop("folder", None)
        query["path"] = folder(str(query["path"]))
    order(query)
    if "wait" in query:
        query["wait"] = 0
    if "workspace" in query:
        query.pop("organization", None)
    if "tag" in query:
        query["tag"] = name(cut(str(query["tag"]), 20))
    # No schema tells of now.
    if "updated_since" in query:
        query["updated_since"] = (datetime.now(timezone.utc) - timedelta(days=1)).isoformat()


def fit_body(body):
    # Of a batch each item is as by itself.
    for items in ("files", "delete", "move", "tag"):
        for item in body[items] if isinstance(body.get(items), list) else []:
            if isinstance(item, dict):
                fit_body(item)
    for key, rule in VALUES.items():
        if isinstance(body.get(key), (str, dict, list)):
            body[key] = rule(body[key])
    # Of two ways to say one thing a form takes one: schemathesis 4.32.5 can't draw a file where `if` stands beside it.
    if "file" in body and "file_id" in body:
        for stray in ("workspace", "path", "folder_id", "if_exists"):
            body.pop(stray, None)
    if "file" in body and body.get("share") == "false":
        for stray in ("expire_in", "max_downloads", "password"):
            body.pop(stray, None)
    # A folder's id says its workspace.
    if "folder_id" in body:
        body.pop("workspace", None)
    # Nothing is named twice, whatever else is said of it.
    if isinstance(body.get("parts"), list):
        body["parts"] = list({part["part_number"]: part for part in body["parts"]}.values())
    # A recovery's span lies within the last 14 days.
    if "since" in body:
        body["since"] = (datetime.now(timezone.utc) - timedelta(days=1)).isoformat()
        body.pop("until", None)
    # An upload has 10,000 parts, and with a SHA-256 one of 5 GiB: there is no arithmetic in JSON Schema.
    if "size" in body and "part_size" in body:
        body["part_size"] = max(body["part_size"], -(-int(body["size"]) // 10_000))
    if "sha256" in (body.get("checksum") or {}):
        body.pop("part_size", None)
    # A size is no more than the bound beside it, and a declared type one of those that are allowed.
    restrict = body.get("restrict")
    if isinstance(restrict, dict):
        if "max_bytes" in restrict and "size" in body:
            restrict["max_bytes"] = max(restrict["max_bytes"], body["size"])
        if "types" in restrict:
            body.pop("content_type", None)
    # Part 10,000 is the last.
    if "count" in body and isinstance(body.get("first"), (int, float)):
        body["first"] = min(body["first"], 10_001 - body["count"])


# lambdas/core/accounts/create-service-client.ts: what lets a token manage an organization is of no use to its guests.
NOT_FOR_GUESTS = {"members:read", "members:write", "clients:read", "clients:write", "workspaces:write", "admin"}


def fit_principals(pattern, body):
    # Guests are what clients become where nothing else is said, and those that run.ts made are.
    if pattern.startswith("/v1/clients") and body.get("role", "guest") == "guest" and "scopes" in body:
        body["scopes"] = [one for one in body["scopes"] if one not in NOT_FOR_GUESTS] or ["files:read"]
    # Those of run.ts are in the client's own organization, and so is what it grants.
    if pattern == "/v1/clients" and "grants" in body:
        body.pop("organization", None)
    # The organization may be one that was made on the way, which has nothing to grant.
    if pattern == "/v1/orgs/{id}/invitations":
        body.pop("grants", None)
    # Nobody restricts a key to a place that isn't there.
    if pattern == "/v1/keys":
        body.pop("authorization_details", None)


def fit_finalize(pattern, body):
    # S3 computes CRC-32, unless the start asked for another.
    if pattern.endswith("/finalize") and "crc32" not in body.get("checksum", {}):
        body.pop("checksum", None)


def order(span):
    """`since` comes before `until`."""
    if "since" in span and "until" in span:
        since, until = sorted((span["since"], span["until"]), key=lambda at: datetime.fromisoformat(at))
        span["since"], span["until"] = since, until
