"""Galleries to search: those of recordings, and folders of up to 1.2 million images."""

from core.galleries.encoding import encode_folder
from core.galleries.folder import FolderImages
from core.galleries.image_set import ImageSet, RecordingImages, encoded_with
from core.galleries.job import GalleryRequest
from core.galleries.joined import SEEN, JoinedImages, search_parts, with_images
from core.galleries.listing import forget
from core.galleries.sources import STIMULI, GalleryInfo, available, open_gallery

__all__ = [
    "SEEN",
    "STIMULI",
    "FolderImages",
    "GalleryInfo",
    "GalleryRequest",
    "ImageSet",
    "JoinedImages",
    "RecordingImages",
    "available",
    "encode_folder",
    "encoded_with",
    "forget",
    "open_gallery",
    "search_parts",
    "with_images",
]
