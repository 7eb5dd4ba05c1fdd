"""Run by LocalStack as it starts (`entry_points.txt`)."""

import os
import signal
import sys
import threading

from localstack.runtime import hooks


@hooks.on_infra_start()
def use_our_dynamodb():
    from . import dynamodb

    dynamodb.forward()


@hooks.on_infra_start()
def end_with_parent():
    """Its input ends with the process that started it, however that ends."""

    def wait():
        sys.stdin.buffer.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()
