"""The file of a SQLite database, and who may read it: its owner alone, whatever the umask says."""

import os
from pathlib import Path
from stat import S_IMODE
from typing import Final

_PRIVATE: Final = 0o600
_BESIDE: Final = ("", "-wal", "-shm", "-journal")
"""What SQLite keeps beside the file, by the end of its name. It gives new ones the mode of the file."""


class FileNotPrivate(LookupError):
    """The file can be neither made nor kept from others. The message says why."""


def make_private(file: Path) -> None:
    """Make the file unless it is there, and keep it from others. Raises FileNotPrivate."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, _PRIVATE))
    except OSError as error:
        raise FileNotPrivate(f"{file} cannot be written: {error.strerror}.") from error
    keep_private(file)


def keep_private(file: Path) -> None:
    """Keep the file, if it is there, and what lies beside it from others. Raises FileNotPrivate."""
    for end in _BESIDE:
        part = Path(f"{file}{end}")
        try:
            if part.exists() and S_IMODE(part.stat().st_mode) != _PRIVATE:
                part.chmod(_PRIVATE)
        except OSError as error:
            raise FileNotPrivate(
                f"{part} may be open to others, and its mode cannot be changed: make it 0600."
            ) from error
