"""Names for versions, such as `stable`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from serving import errors


class Labels:
    """The version labels of all models."""

    def __init__(self) -> None:
        """Starts with none."""
        self._versions: dict[str, dict[str, int]] = {}

    def version(self, model: str, label: str) -> int:
        """Looks a label up.

        Args:
            model: Name of the model.
            label: The label.

        Returns:
            The version it stands for.

        Raises:
            ServingError: INVALID_ARGUMENT if the model has no such label.
        """
        labels = self._versions.get(model, {})
        if label not in labels:
            raise errors.invalid_argument(f"Unrecognized servable version label: {label}")
        return labels[label]

    def change(
        self,
        wanted: Mapping[str, Mapping[str, int]],
        is_available: Callable[[str, int], bool],
        allow_unavailable: bool,
    ) -> None:
        """Gives all models new labels, or none if one of the labels may not be.

        Args:
            wanted: Model name to {label: version}.
            is_available: Tells whether a version of a model can be asked.
            allow_unavailable: Whether a label may stand for a version that is not available, as
                long as it does not stand for another one now.

        Raises:
            ServingError: FAILED_PRECONDITION: a version is not available. The labels are then
                as they were.

        Source: `tensorflow_serving/model_servers/server_core.cc`, also for the option
            (`allow_version_labels_for_unavailable_models`).
        """
        for model, labels in wanted.items():
            held = self._versions.get(model, {})
            for label, version in labels.items():
                is_moved = held.get(label, version) != version
                if not is_available(model, version) and (is_moved or not allow_unavailable):
                    raise errors.failed_precondition(
                        f"Request to assign label to version {version} of model {model}, "
                        f"which is not currently available for inference (label {label})"
                    )
        self._versions = {model: dict(labels) for model, labels in wanted.items() if labels}
