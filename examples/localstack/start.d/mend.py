"""Mends two faults of LocalStack 4.14 that Wharf meets, as it starts; each says what AWS does instead.

LocalStack runs what is in /etc/localstack/init/start.d in its own process. Another version, whose parts are elsewhere,
says so in its log and goes on without.
"""

import functools
import threading

import airspeed
from localstack.services.apigateway.next_gen.execute_api.template_mapping import VelocityInput
from localstack.services.s3 import provider
from localstack.services.s3.models import S3Part
from localstack.services.s3.storage.ephemeral import EphemeralS3StoredObject


def default_part_checksum():
    """A part without a checksum is refused, also where the upload asks for the whole object's.

    S3 computes such a part's checksum itself; where the upload's is composite, the part must bring it.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
    """
    upload = threading.local()
    upload_part = provider.S3Provider.upload_part
    write = EphemeralS3StoredObject.write

    @functools.wraps(upload_part)
    def with_default(self, context, request):
        _, bucket = self._get_cross_account_bucket(context, request["Bucket"])
        found = bucket.multiparts.get(request.get("UploadId"))
        is_whole = found is not None and found.checksum_type == "FULL_OBJECT"
        upload.algorithm = found.checksum_algorithm if is_whole else None
        try:
            return upload_part(self, context, request)
        finally:
            upload.algorithm = None

    def part(checksum_algorithm=None, **given):
        return S3Part(checksum_algorithm=checksum_algorithm or getattr(upload, "algorithm", None), **given)

    def write_and_keep(self, stream):
        size = write(self, stream)
        stored = self.s3_object
        if isinstance(stored, S3Part) and stored.checksum_algorithm and stored.checksum_value is None:
            stored.checksum_value = self.checksum
        return size

    provider.S3Provider.upload_part = with_default
    provider.S3Part = part
    EphemeralS3StoredObject.write = write_and_keep


def answer_header_names():
    """`$input.params().header` has no `keySet()`, and its keys no `toLowerCase()`.

    API Gateway hands out Java's maps and strings there, with all their methods.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
    """
    params = VelocityInput.params

    def as_maps(self, name=None):
        found = params(self, name)
        return found if name else {kind: dict(values) for kind, values in found.items()}

    VelocityInput.params = as_maps
    airspeed.operators.__additional_methods__[str]["toLowerCase"] = lambda self: self.lower()


default_part_checksum()
answer_header_names()
