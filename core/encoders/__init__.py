"""Encoders: images and text as vectors; torch is imported when one is loaded."""

import core.encoders.families  # noqa: F401  (each family registers itself)
from core.encoders.devices import device, device_label, job_device
from core.encoders.encode import (
    Encoded,
    encode_image,
    encode_images,
    encode_text,
    entries,
    load,
    load_failures,
    result_key,
)
from core.encoders.encoder import (
    ENCODERS,
    Encoder,
    EncoderInfo,
    Family,
    Loaded,
    available,
    canonical,
    check_parameters,
    get,
)
from core.encoders.job import EncodeRequest
from core.encoders.neighbours import Agreement, agreement, nearest
from core.encoders.prompt import PROMPT, check_prompts, prompts
from core.encoders.reading import TextNull, check_text, measure_null
from core.encoders.uploads import FORMATS as UPLOAD_FORMATS
from core.encoders.uploads import check_upload

__all__ = [
    "ENCODERS",
    "PROMPT",
    "UPLOAD_FORMATS",
    "Agreement",
    "EncodeRequest",
    "Encoded",
    "Encoder",
    "EncoderInfo",
    "Family",
    "Loaded",
    "TextNull",
    "agreement",
    "available",
    "canonical",
    "check_parameters",
    "check_prompts",
    "check_text",
    "check_upload",
    "device",
    "device_label",
    "encode_image",
    "encode_images",
    "encode_text",
    "entries",
    "get",
    "job_device",
    "load",
    "load_failures",
    "measure_null",
    "nearest",
    "prompts",
    "result_key",
]
