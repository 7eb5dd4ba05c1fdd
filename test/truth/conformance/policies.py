"""Reads `[{statements, action, resource}]` and writes whether moto's IAM allows each."""

import json
import sys

from moto.iam.access_control import IAMPolicy, PermissionResult


def allows(case):
    document = {"Version": "2012-10-17", "Statement": case["statements"]}
    policy = IAMPolicy({"policy_document": json.dumps(document)})
    return policy.is_action_permitted(case["action"], case["resource"]) is PermissionResult.PERMITTED


json.dump([allows(case) for case in json.load(sys.stdin)], sys.stdout)
