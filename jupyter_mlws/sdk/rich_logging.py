"""Logging of pictures, figures, sounds, texts, histograms and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_mlws.sdk.value_logging import ValueLogging, checked_step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["RichLogging"]


class RichLogging(ValueLogging):
    """Values with a form of their own. Logged again under their name, with or without steps, they are a series."""

    def log_text(self, name: str, text: str, step: int | None = None, description: str = "") -> None:
        """Log a text: a sample that a model wrote, a note; `get_metrics` gives it back.

        Parameters
        ----------
        name : str
        text : str
            At most 1,000,000 characters.
        step : int, optional

        Raises
        ------
        InvalidInput, TooLarge
            It is no text, or a longer one.
        """
        name = self._begin_value(name, "text", description)
        from jupyter_mlws.sdk.typed import as_text

        at = checked_step(step)
        self._log_checked(name, "text", {"text": as_text(f"The text {name!r}", text)}, description, at)

    def log_histogram(
        self,
        name: str,
        value: Any = None,
        step: int | None = None,
        description: str = "",
        *,
        counts: Sequence[float] | Any = None,
        edges: Sequence[float] | Any = None,
        bins: int = 64,
    ) -> None:
        """Log a histogram: of an array, or already counted; `get_metrics` gives ``{"edges": [...], "counts": [...]}``.

        Parameters
        ----------
        name : str
        value : array or list of numbers, optional
            Of any shape, such as the weights of a layer. NaN and infinities are not in a bin; they are counted.
        step : int, optional
        counts, edges : lists or arrays of numbers, optional
            Instead of `value`: one edge more than counts, rising.
        bins : int
            How many bins of one width an array is counted in: 1 to 1,000.

        Raises
        ------
        InvalidInput
            Neither or both are given, or they do not fit each other, or have something else than numbers in them.

        Examples
        --------
        >>> run.log_histogram("weights", layer.weight, step=epoch)                        # doctest: +SKIP
        >>> run.log_histogram("ages", counts=[3, 9, 4], edges=[0, 30, 60, 90])            # doctest: +SKIP
        """
        name = self._begin_value(name, "histogram", description)
        from jupyter_mlws.sdk.histograms import histogram_of

        at = checked_step(step)
        found = histogram_of(f"The histogram {name!r}", value, counts, edges, bins)
        self._log_checked(name, "histogram", found, description, at)

    def log_image(
        self, name: str, path: Any = None, plot: Any = None, step: int | None = None, description: str = ""
    ) -> None:
        """Log a picture; `get_metrics` gives the name of its file.

        Parameters
        ----------
        name : str
        path : path-like, optional
            A file in PNG, JPEG, GIF, WebP, BMP or SVG.
        plot : object, optional
            A matplotlib figure or ``matplotlib.pyplot``, a PIL image, or an array of height x width with 1 to 4
            channels: whole numbers 0 to 255, or 0.0 to 1.0. May also be given as `path`.
        step : int, optional
            Logged again with other steps, pictures of one name are a series.

        Raises
        ------
        InvalidInput, NotFound, TooLarge
            There is no picture, or one of more than 50 MiB.
        """
        name = self._begin_value(name, "image", description)
        from jupyter_mlws.sdk.pictures import picture_of

        at = checked_step(step)
        picture = picture_of(f"The image {name!r}", path, plot)
        self._log_file(name, "image", {"file": (picture.data, picture.suffix)}, picture.facts, description, at)

    def log_figure(self, name: str, figure: Any, step: int | None = None, description: str = "") -> None:
        """Log a figure of matplotlib or plotly; `get_metrics` gives the name of its file.

        One of matplotlib is kept as a picture. One of plotly is kept as what it is drawn from, JSON that
        ``plotly.io.from_json`` reads again, and where kaleido is installed as a picture, too.

        Parameters
        ----------
        name : str
        figure : object
            A figure of matplotlib, or what has one (an axes, a plot of seaborn or pandas), or a figure of plotly.
        step : int, optional

        Raises
        ------
        InvalidInput, TooLarge
            It is no figure, or one of more than 50 MiB.
        """
        name = self._begin_value(name, "figure", description)
        from jupyter_mlws.sdk.figures import figure_of

        at = checked_step(step)
        found = figure_of(f"The figure {name!r}", figure)
        self._log_file(name, "figure", found.files, found.facts, description, at)

    def log_audio(
        self,
        name: str,
        source: Any,
        sample_rate: int | None = None,
        step: int | None = None,
        description: str = "",
    ) -> None:
        """Log a sound; `get_metrics` gives the name of its file.

        Parameters
        ----------
        name : str
        source : path-like, bytes or array
            A file, or its content, in WAV, MP3, Ogg or FLAC. Or samples: of one channel, or samples x channels (1 to
            8); whole numbers of 16 bits, or -1.0 to 1.0, beyond which they are cut off.
        sample_rate : int, optional
            Samples a second; needed for samples.
        step : int, optional

        Raises
        ------
        InvalidInput, NotFound, TooLarge
            There is no sound, or one of more than 50 MiB.
        """
        name = self._begin_value(name, "audio", description)
        from jupyter_mlws.sdk.sounds import sound_of

        at = checked_step(step)
        sound = sound_of(f"The sound {name!r}", source, sample_rate)
        self._log_file(name, "audio", {"file": (sound.data, sound.suffix)}, sound.facts, description, at)

    def log_table(
        self, name: str, value: Mapping[str, Any] | Any, description: str = "", step: int | None = None
    ) -> None:
        """Log a whole table; `get_metrics` gives it back as it went in.

        A large one is kept as a Parquet file of the run.

        Parameters
        ----------
        name : str
        value : dict of str to list, or a DataFrame
            Columns of one length. A DataFrame of pandas or polars comes back as a dict; its index is left out.
        step : int, optional

        Raises
        ------
        InvalidInput, TooLarge
            It is no table, or one of more than 50,000,000 cells or 200 MiB.
        """
        name = self._begin_value(name, "table", description)
        from jupyter_mlws.sdk.tables import table_of

        at = checked_step(step)
        found = table_of(f"the table {name!r}", value)
        if found.data is None:
            self._log_checked(name, "table", found.value, description, at)
        else:
            self._log_file(name, "table", {"file": (found.data, ".parquet")}, found.value, description, at)
