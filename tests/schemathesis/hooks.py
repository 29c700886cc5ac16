"""What schemathesis cannot know of the service: bodies that are bytes."""

import schemathesis

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


@schemathesis.deserializer("application/octet-stream", "application/zip")
def as_bytes(_context, response):
    """Bytes are their own value, and have no schema to fit."""
    return response.content
