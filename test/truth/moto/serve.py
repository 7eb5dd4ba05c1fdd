"""moto's server, with one fault of its own mended: `Ref` of an event bus gives a Python object instead of its name."""

import sys

from moto.events.models import EventBus
from moto.server import main

EventBus.physical_resource_id = property(lambda self: self.name)
main(sys.argv[1:])
