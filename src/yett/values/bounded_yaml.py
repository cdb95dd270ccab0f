"""YAML's safe values within bounds: a kilobyte of it could ask for gigabytes, or for more stack than there is.

Source: https://yaml.org/spec/1.1/#id898031 (aliases), https://yaml.org/type/merge.html (merges)
"""

from typing import Final

import yaml

# Ours. PyYAML walks nodes by recursion, some three calls a level, and what Python's collector happens to tidy up in
# the depths would fail for want of stack: depth is refused long before that.
NESTED_LEVELS: Final = 100
MERGED_MEMBERS: Final = 20_000  # ours: members of one mapping once its merges (``<<``) are written out


class BoundedLoader(yaml.SafeLoader):
    """A SafeLoader that raises :class:`yaml.MarkedYAMLError` where a document passes a bound."""

    _level = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose the next node, unless it is nested too deeply."""
        if self._level >= NESTED_LEVELS:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem=f"nested over {NESTED_LEVELS} levels", problem_mark=mark)
        self._level += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._level -= 1

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Write merges out, innermost first, as long as they stay within the bound."""
        super().flatten_mapping(node)
        if len(node.value) > MERGED_MEMBERS:
            raise yaml.MarkedYAMLError(problem=f"over {MERGED_MEMBERS} members", problem_mark=node.start_mark)
