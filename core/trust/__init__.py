"""Whether a decoder's score can be trusted: five checks of what it rests on."""

from core.trust.job import TrustRequest
from core.trust.panel import Trust, load

__all__ = ["Trust", "TrustRequest", "load"]
