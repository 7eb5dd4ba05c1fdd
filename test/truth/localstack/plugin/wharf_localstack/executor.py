"""Lambda: an executor whose environments run in Node, as the local cloud runs them."""

import os

import requests
from localstack import config
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

# A call takes 15 minutes at most; its own timeout is kept in Node.
PATIENCE_SECONDS = 905


class WharfExecutorPlugin(RuntimeExecutorPlugin):
    name = "wharf"

    def load(self, *args, **kwargs):
        return WharfExecutor


class WharfExecutor(RuntimeExecutor):
    """One execution environment."""

    @classmethod
    def prepare_version(cls, function_version):
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        pass

    def start(self, env_vars):
        settings = self.function_version.config
        self._post(
            f"/environments/{self.id}",
            {
                "arn": self.function_version.qualified_arn,
                "name": self.function_version.id.function_name,
                "handler": settings.handler,
                "codeDir": str(settings.code.get_unzipped_code_location()),
                "timeoutSeconds": settings.timeout,
                "memoryMb": settings.memory_size,
                # Some are numbers here.
                "env": {name: str(value) for name, value in env_vars.items()},
            },
        )

    def stop(self):
        self._post(f"/environments/{self.id}/end", {})

    def invoke(self, payload):
        answer = self._post(
            f"/environments/{self.id}/invoke",
            {"requestId": payload["invoke-id"], "event": payload["payload"], "traceId": payload["trace-id"]},
        )
        return InvocationResult(
            request_id=payload["invoke-id"],
            payload=answer["payload"].encode(),
            is_error=answer["isError"],
            logs=answer["logs"],
            executed_version=self.function_version.id.qualifier,
        )

    def get_logs(self):
        return ""

    def get_address(self):
        return "127.0.0.1"

    def get_endpoint_from_executor(self):
        return config.HOSTNAME_FROM_LAMBDA

    def get_runtime_endpoint(self):
        return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}"

    def _post(self, path, body):
        url = os.environ["WHARF_COMPANION"] + path
        proxies = {"http": "", "https": ""}
        answer = requests.post(url, json=body, timeout=PATIENCE_SECONDS, proxies=proxies)
        if not answer.ok:
            raise RuntimeError(f"{url}: {answer.status_code} {answer.text}")
        return answer.json()
