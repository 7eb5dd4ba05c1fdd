"""DynamoDB: LocalStack forwards all calls to a server of its own, which is a download; here that server is Node's."""

import threading

from localstack.services.dynamodb.server import DynamodbServer
from localstack.utils.threads import FuncThread


def forward():
    """The server runs already, at DYNAMODB_LOCAL_PORT: nothing is to be started, and nothing installed."""

    def do_start_thread(self):
        ended = threading.Event()
        thread = FuncThread(lambda *_: ended.wait(), name="wharf-dynamodb", on_stop=lambda _: ended.set())
        thread.start()
        return thread

    DynamodbServer.do_start_thread = do_start_thread
