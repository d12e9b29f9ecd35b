"""Keys and values in memory that is taken once, for the prompt and the longest answer."""

from typing import Any


def cache_with_room(tokens: int) -> Any:
    """An empty cache of Transformers for a batch of rows with up to so many tokens.

    Transformers' `DynamicCache` copies all keys and values for each new token. Four prompts with ten minutes
    of audio have 4 GB of them, beside weights of 9.4 GB that each token reads.
    """
    from transformers.cache_utils import Cache, DynamicLayer  # noqa: PLC0415

    class RoomyLayer(DynamicLayer):  # type: ignore[misc]
        """One layer's keys and values, (rows, heads, tokens, width): the beginning of a larger tensor."""

        keys: Any
        values: Any

        def __init__(self) -> None:
            super().__init__()
            self._rooms: dict[str, Any] = {}

        def update(self, key_states: Any, value_states: Any, _how: Any = None) -> tuple[Any, Any]:
            """Adds tokens; returns the keys and values of all tokens."""
            if not self.is_initialized:
                self.lazy_initialization(key_states)
            self.keys = self._with("keys", self.keys, key_states)
            self.values = self._with("values", self.values, value_states)
            return self.keys, self.values

        def batch_select_indices(self, indices: Any) -> None:
            """Makes rows of these rows."""
            super().batch_select_indices(indices)
            self._rooms.clear()

        def _with(self, name: str, kept: Any, new: Any) -> Any:
            count = kept.shape[-2] if kept.numel() else 0
            total = count + new.shape[-2]
            room = self._rooms.get(name)
            if room is None or room.dtype != new.dtype or room.shape[-2] < total:
                room = new.new_empty((*new.shape[:-2], max(total, tokens), new.shape[-1]))
                if count:
                    room[..., :count, :] = kept
                self._rooms[name] = room
            room[..., count:total, :] = new
            return room[..., :total, :]

    return Cache(layer_class_to_replicate=RoomyLayer)
