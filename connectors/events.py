"""ChatEvent: the one shape every platform's messages take."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ChatEvent:
    """Something a viewer did. Texts are hostile input: never executed, never shown unescaped."""

    platform: str  # "web", "replay", "twitch" …
    id: str  # unique on its platform; the supervisor de-duplicates on (platform, id)
    user: str  # display name
    text: str = ""
    kind: str = "comment"  # comment | gift | paid | follow | join | like | order | state
    user_id: str = ""  # stable id where the platform has one; else the display name stands in
    at_s: float = 0.0  # seconds since the show began, as stamped when it was heard
    # What a platform knows of the viewer: "bought", "moderator", "member" (true or not) count; anything else is kept only.
    meta: dict[str, Any] = field(default_factory=dict, compare=False)
